"""The import wizard in the browser: a file is dropped, looked at, mended, imported and cancelled."""

import re
import uuid

import pytest

from algotrade.tests.e2e.person import Person
from algotrade.tests.e2e.processes import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AAPL = ROOT / "marketdata" / "samples" / "AAPL_1d.csv"
HEADER = "Date,Open,High,Low,Close,Volume"
DAYS = [f"2024-01-{day:02}" for day in range(2, 28)]
ROWS = [f"{day},{10 + n},{12 + n},{9 + n},{11 + n},{500 + n}" for n, day in enumerate(DAYS)]


def bring(person, name, content):
    """Step one, with a file of these bytes."""
    person.go("/data/import/")
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    person.page.locator("input[type=file]").set_input_files(file)
    person.page.wait_for_url(re.compile(r"/data/import/[0-9a-f-]{36}/"))
    person.page.get_by_role("heading", name="How the file will be read").wait_for()


def lines(*rows):
    return "\n".join([HEADER, *rows, ""]).encode()


def start(person):
    person.main.get_by_role("button", name="Import", exact=True).click()
    person.page.wait_for_url(re.compile(r"/data/imports/\d+/$"))


def test_a_file_is_looked_at_imported_and_opened(person):
    page, main = person.page, person.main
    person.go("/data/")
    main.get_by_role("link", name="Import a file").first.click()
    person.look("import-choose")
    bring(person, AAPL.name, AAPL.read_bytes())
    rows = main.get_by_role("group", name="The first rows as they will be read")
    assert rows.get_by_role("row").nth(1).inner_text().split()[:3] == ["2", "2000-03-01", "118.56"]
    assert main.get_by_label("Symbol", exact=True).input_value() == "AAPL"
    assert main.get_by_label("Timeframe", exact=True).input_value() == "1d"
    person.look("import-read")

    prices = main.get_by_label("The prices are")
    prices.focus()
    prices.select_option(label="to be adjusted now, by the adjusted close")
    page.wait_for_function("() => !document.querySelector('#preview').innerText.includes('118.56')")
    assert page.evaluate("() => document.activeElement.id") == "id_adjustment", "the focus was lost"
    start(person)
    main.get_by_text(
        re.compile(r"AAPL 1d \(adjusted for splits and dividends\) now holds 3\W270 bars")
    ).wait_for(timeout=90_000)
    person.look("import-report")
    main.get_by_role("link", name="Open AAPL 1d").click()
    person.see_chart("candles")
    main.get_by_role("heading", name="Quality").wait_for()
    person.look("import-series")


def test_problems_are_located_and_the_same_file_is_read_in_another_way(person):
    page, main = person.page, person.main
    turned = [ROWS[1], ROWS[0], *ROWS[2:]]
    bring(person, "MENDME_1d.csv", lines(*turned, ROWS[-1], "2024-01-30,5,4,6,5,1"))
    person.look("import-problems-read")
    main.get_by_label("Import nothing, and list every problem").check()
    start(person)
    main.get_by_role("heading", name="Problems in the file: 3").wait_for(timeout=90_000)
    listed = main.get_by_role("group", name="Problems in the file: 3")
    assert listed.get_by_role("row").nth(1).inner_text().split()[:2] == ["3", "Date"]
    with page.expect_download() as download:
        main.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename.endswith("-problems.csv")
    person.look("import-problems")

    main.get_by_role("link", name="Read the same file in another way").click()
    main.get_by_label("Repair what is chosen below").check()
    main.get_by_label("Sort the rows by time").check()
    main.get_by_label("Keep one of several rows").check()
    start(person)
    main.get_by_role("heading", name="Problems in the file: 1").wait_for()  # no repair makes up a price
    main.get_by_role("link", name="Read the same file in another way").click()
    assert main.get_by_label("Sort the rows by time").is_checked(), "what was chosen was forgotten"
    main.get_by_label("Leave out the rows that cannot be used").check()
    main.get_by_text("As it stands").wait_for(state="detached")
    start(person)
    main.get_by_text("MENDME 1d now holds").wait_for()
    person.look("import-mended")


def test_what_was_found_in_the_text_is_said_otherwise_and_taken_back(person):
    page, main = person.page, person.main
    broken = "2024-01-01,n/a,n/a,9,11,500"
    bring(person, "BARE_1d.csv", "\n".join([broken, *ROWS]).encode())
    main.get_by_text("The first line is passed over").wait_for()
    main.get_by_text("How the text is written").click()
    first_line = page.locator("#id_header")
    assert main.get_by_text("found: line 2 is a bar").is_visible()
    first_line.select_option(label="it is a bar")
    main.get_by_role("cell", name="is not a number").wait_for()
    person.look("import-text")

    main.get_by_label("Delimiter").select_option(label="semicolon")
    main.get_by_text("when cut by semicolon").wait_for()
    main.get_by_text("No columns were recognised").wait_for()
    # The first picture left an empty style on inputs, which htmx copied.
    person.allow("Applying inline style")
    person.look("import-text-wrong")
    main.get_by_label("Delimiter").select_option(label="as found")
    first_line.focus()
    first_line.select_option(label="as found")
    main.get_by_text("The first line is passed over").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "id_header", "the focus was lost"
    assert main.get_by_label("column 2").input_value() == "open"
    start(person)
    main.get_by_text("BARE 1d now holds").wait_for(timeout=90_000)


def test_a_file_that_is_none_says_why(person):
    bring(person, "letter.txt", b"Dear reader,\nthis is a letter.\n")
    person.main.get_by_text("Nothing can be made of this file as it is read now").wait_for()
    assert person.main.get_by_label("Encoding").is_visible(), "how the text is written cannot be said"
    person.look("import-nothing")
    person.go("/data/import/")
    workbook = {
        "name": "bars.xlsx",
        "mimeType": "application/octet-stream",
        "buffer": b"PK\x03\x04" + b"0" * 64,
    }
    person.page.locator("input[type=file]").set_input_files(workbook)
    person.main.get_by_text("Excel workbook").wait_for()
    person.allow("422")
    person.look("import-workbook")


def test_an_import_that_waits_is_cancelled_and_leaves_nothing(chromium, lab, artifacts):
    person = Person(chromium, lab, artifacts, width=1280, scheme="light")
    page, main = person.page, person.main
    person.register(f"user{uuid.uuid4().hex[:8]}")
    person.create_strategy("Slow motion", name="Both places", symbol="AAPL", seconds=100)
    busy = []
    for _place in range(2):
        person.go("/strategies/")
        main.get_by_role("link", name="Both places").first.click()
        person.start_run()
        page.locator("[data-job-state=running]").wait_for()
        busy.append(page.url)
    bring(person, "WAITS_1d.csv", lines(*ROWS))
    start(person)
    page.locator("[data-job-state=queued]").wait_for()
    person.look("import-waiting")
    main.get_by_role("button", name="Cancel").click()
    main.get_by_text("Cancelled. Nothing was stored.").wait_for()
    person.look("import-cancelled")
    person.go("/data/?q=WAITS")
    main.get_by_text("No series matches").wait_for()
    for url in busy:
        page.goto(url)
        main.get_by_role("button", name="Cancel").click()
        page.get_by_text("This backtest was cancelled.").wait_for()
    person.context.close()

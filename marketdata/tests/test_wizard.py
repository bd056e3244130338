"""The import wizard: a file comes in, is looked at, is asked for in other ways, and ends in a report."""

import gzip
import json
import subprocess
import sys

import pytest

from algotrade.jobs.models import Job
from marketdata.models import Upload
from marketdata.tests.bars import csv_text, make_bars
from marketdata.tests.conftest import make_series, upload
from marketdata.tests.wizard import BROKEN, ask, bring, fields, text_of

pytestmark = pytest.mark.django_db


def test_a_file_is_shown_as_it_will_be_read_before_anything_is_queued(page):
    address = bring(page)
    body = text_of(page.get(address))
    assert 'value="ABC"' in body
    assert "separated by comma" in body
    assert "2024-01-01" in body
    assert not Job.objects.exists()


def test_what_was_recognised_is_imported_in_two_presses(page):
    row = ask(page, bring(page))
    assert (row.symbol, row.timeframe, row.origin, row.status) == ("ABC", "1d", "ABC_1d.csv", "queued")
    assert row.settings["layout"]["delimiter"] == ","
    assert row.settings["reading"]["policy"] == "reject"
    body = text_of(page.get(row.get_absolute_url()))
    assert f'data-job="{row.job_id}"' in body
    assert f'data-fragment-url="/data/imports/{row.pk}/"' in body


def test_a_script_that_sends_the_file_is_told_where_to_go_or_why_not(page, settings):
    headers = {"X-Requested-With": "fetch"}
    answer = page.post("/data/import/", {"file": upload()}, headers=headers)
    assert answer.json()["url"] == f"/data/import/{Upload.objects.get().pk}/"
    settings.UPLOAD_MAX_BYTES = 10
    answer = page.post("/data/import/", {"file": upload()}, headers=headers)
    assert answer.status_code == 422
    assert "at most" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (upload(b""), "The file is empty"),
        (upload(b"PK\x03\x04 rest of a workbook", name="bars.xlsx"), "Excel workbook"),
    ],
)
def test_a_file_that_is_none_is_refused_where_it_was_chosen(page, file, words):
    answer = page.post("/data/import/", {"file": file})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Upload.objects.exists()


def test_a_missing_file_is_said(page):
    answer = page.post("/data/import/", {})
    assert answer.status_code == 422
    assert "This field is required" in text_of(answer)


def test_a_packed_file_over_its_own_cap_is_refused(page, settings):
    packed = gzip.compress(csv_text(make_bars(10)).encode())
    settings.UPLOAD_MAX_PACKED_BYTES = len(packed) - 1
    answer = page.post("/data/import/", {"file": upload(packed, name="bars.csv.gz")})
    assert (answer.status_code, Upload.objects.count()) == (422, 0)
    settings.UPLOAD_MAX_PACKED_BYTES = len(packed)
    assert "2024-01-01" in text_of(page.get(bring(page, upload(packed, name="bars.csv.gz"))))


def test_a_file_of_which_nothing_can_be_made_says_so_and_is_not_queued(page):
    address = bring(page, upload("hello\nthis is prose\n", name="letter.txt"))
    body = text_of(page.get(address))
    assert "Nothing can be made of this file" in body
    answer = page.post(address, {"symbol": "ABC", "timeframe": "1d"})
    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_a_packed_file_that_is_cut_short_says_so(page):
    packed = gzip.compress(csv_text(make_bars(10)).encode())[:-20]
    body = text_of(page.get(bring(page, upload(packed, name="ABC_1d.csv.gz"))))
    assert "Nothing can be made of this file" in body


def test_a_parquet_file_is_shown_and_imported_like_any_other(page, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    names = ("open", "high", "low", "close", "volume")
    bars = make_bars(10)
    table = pyarrow.table({"date": bars.time.astype("datetime64[s]"), **{n: getattr(bars, n) for n in names}})
    parquet.write_table(table, tmp_path / "bars.parquet")
    address = bring(page, upload((tmp_path / "bars.parquet").read_bytes(), name="ABC_1d.parquet"))
    assert "2024-01-01" in text_of(page.get(address))
    row = ask(page, address)
    assert (row.symbol, row.settings["key"]["source"]) == ("ABC", "parquet")


def test_the_preview_follows_what_is_chosen(page):
    text = "Date;Open;High;Low;Close\n02.01.2024;1,5;2,5;1,0;2,0\n03.01.2024;2,5;3,5;2,0;3,0\n"
    address = bring(page, upload(text, name="ABC_1d.csv"))
    body = text_of(page.get(address))
    assert "decimal comma" in body
    asked = fields(page, address, role_1="close", role_4="open")
    answer = page.post(f"{address}preview/", asked, headers={"HX-Request": "true"})
    body = text_of(answer)
    assert answer.status_code == 200
    assert "<html" not in body
    assert body.index("2.00") < body.index("1.50")  # the opening price is the last column now
    asked = fields(page, address, role_1="ignore")
    body = text_of(page.post(f"{address}preview/", asked))
    assert "No column holds open" in body


def test_rows_that_cannot_be_used_are_shown_in_their_place(page):
    address = bring(page, upload(BROKEN, name="ABC_1d.csv"))
    body = text_of(page.get(address))
    assert "the whole file will be refused" in body
    assert "<code>x</code>" in body
    dropped = page.post(f"{address}preview/", fields(page, address, policy="drop"))
    assert "will be left out" in text_of(dropped)


def test_a_file_that_runs_newest_first_is_offered_its_repair(page):
    head, *rows = csv_text(make_bars(10)).splitlines()
    address = bring(page, upload("\n".join([head, *reversed(rows)]), name="ABC_1d.csv"))
    form = page.get(address).context["form"]
    assert (form["policy"].value(), form["repairs"].value()) == ("repair", ["sort"])
    assert page.get(address).context["refused_rows"] == 0
    assert ask(page, address).settings["reading"]["repairs"] == ["sort"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": "a b"}, "is not a symbol"),
        ({"symbol": ""}, "This field is required"),
        ({"timezone": "Nowhere"}, "is not a timezone"),
        ({"timeframe": "7d"}, "Select a valid choice"),
        ({"role_1": "close"}, "2 columns hold close"),
        ({"policy": "repair", "repairs": []}, "Name what may be repaired"),
        ({"overlap": "perhaps"}, "Select a valid choice"),
    ],
)
def test_a_wrong_choice_is_explained_and_what_was_typed_stays(page, changes, words):
    address = bring(page)
    answer = page.post(address, fields(page, address, name="My name", **changes))
    body = text_of(answer)
    assert answer.status_code == 422
    assert words in body
    assert 'value="My name"' in body
    assert not Job.objects.exists()


def test_extending_puts_the_bars_into_that_series_and_a_strangers_is_not_offered(page, page_other, user):
    series = make_series(user, "OWN", make_bars(10), source="synthetic")
    address = bring(page, upload(csv_text(make_bars(5, "2024-01-11"))), f"?series={series.pk}")
    assert f"These bars go into your {series}" in text_of(page.get(address))
    row = ask(page, address)
    assert (row.series, row.symbol, row.settings["key"]["source"]) == (series, "OWN", "synthetic")
    assert "OWN" not in text_of(page_other.get(f"/data/import/?series={series.pk}"))
    assert page.get(f"/data/import/?series={10**30}").status_code == 200


def test_extending_by_a_file_of_another_instrument_is_warned_of_and_proposes_no_calendar(page, user):
    series = make_series(user, "SAP", make_bars(10), calendar="XETR")
    rows = [f"AAPL.US,2024-01-{day},10,12,9,11,500" for day in (11, 12, 16)]
    text = "\n".join(["ticker,date,open,high,low,close,volume", *rows])
    address = bring(page, upload(text, name="x.csv"))
    assert "New York" in text_of(page.get(address))
    body = text_of(page.get(f"{address}?series={series.pk}"))
    assert "The file calls itself AAPL.US, and its bars go into your SAP" in body
    assert "New York" not in body.split('id="preview"')[1].split("</section>")[0]


def test_extending_by_a_file_of_the_same_instrument_is_no_cause_for_a_warning(page, user):
    for symbol, name in (("EUR/USD", "EURUSD_1d.csv"), ("SAP.DE", "SAP_1d.csv"), ("OWN", "export.csv")):
        series = make_series(user, symbol, make_bars(10))
        address = bring(page, upload(csv_text(make_bars(5, "2024-01-11")), name=name))
        assert page.get(f"{address}?series={series.pk}").context["plan"].warnings == []


def test_a_derived_series_takes_no_file(page, user):
    base = make_series(user, "BASE", make_bars(10))
    make_series(user, "ABC", derived_from=base, recipe={"kind": "resample", "timeframe": "1d"})
    address = bring(page)
    answer = page.post(address, fields(page, address))
    assert answer.status_code == 422
    assert "is computed from another series" in text_of(answer)


def test_an_upload_is_thrown_away_by_its_owner_and_not_while_it_is_read(page, page_other, media_root):
    address = bring(page)
    assert page_other.post(f"{address}discard/").status_code == 404
    ask(page, address)
    page.post(f"{address}discard/", headers={"Referer": "http://testserver/data/import/"})
    assert Upload.objects.count() == 1  # an import waits to read it
    Job.objects.get().request_cancel()
    assert page.post(f"{address}discard/").status_code == 302
    assert not Upload.objects.exists()


def test_an_address_with_odd_digits_asks_for_nothing(page):
    address = bring(page)
    for odd in ("\u00b2", "9" * 19, "-1", "x"):
        assert page.get(f"{address}?again={odd}&series={odd}").status_code == 200


def test_uploads_that_wait_are_offered_again(page, page_other):
    address = bring(page)
    assert address in text_of(page.get("/data/import/"))
    assert address not in text_of(page_other.get("/data/import/"))


def test_staff_share_with_everybody_and_nobody_else_can(page, page_staff):
    address = bring(page_staff, query="?shared=1")
    assert ask(page_staff, address).settings["shared"] is True
    address = bring(page, query="?shared=1")
    assert ask(page, address, shared="on").settings["shared"] is False


def test_the_list_of_imports_is_filtered(page, page_other):
    row = ask(page, bring(page))
    assert row.get_absolute_url() in text_of(page.get("/data/imports/"))
    assert row.get_absolute_url() in text_of(page.get("/data/"))
    assert "No import is in this state" in text_of(page.get("/data/imports/?status=failed"))
    assert "Nothing was imported yet" in text_of(page_other.get("/data/imports/"))


def test_what_was_asked_is_kept_as_plain_values(page):
    row = ask(page, bring(page), policy="drop", name="Alphabet")
    assert json.loads(json.dumps(row.settings)) == row.settings
    assert row.settings["options"]["policy"] == "drop"
    assert row.settings["key"]["name"] == "Alphabet"


def test_looking_at_a_file_loads_no_numeric_library():
    """The web process looks at files; compilers, data frames and calendars belong to jobs."""
    program = """
import sys
from pathlib import Path
from marketdata.reading.preview import preview
from marketdata.reading.recognition.detect import detect
from marketdata.reading.layout import Reading
from marketdata.reading.lines import open_head
head = open_head(Path("marketdata/samples/SPY_1m.csv"))
found = detect(head, file_name="SPY_1m.csv")
assert preview(head, found.layout, Reading()).rows[0].close
heavy = ("pandas", "numba", "scipy", "sklearn", "pyarrow", "exchange_calendars", "polars")
print(",".join(name for name in heavy if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")

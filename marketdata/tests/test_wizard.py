"""The import wizard: a file comes in, is looked at, is asked for in other ways, and ends in a report."""

import gzip
import json
import subprocess
import sys

import pytest

from algotrade.jobs.models import Job
from marketdata.models import BarImport, Series, Upload
from marketdata.tests.bars import HEADER, csv_text, make_bars
from marketdata.tests.conftest import make_series, upload

pytestmark = pytest.mark.django_db

BROKEN = f"{HEADER}\n2024-01-02,10,12,9,11,500\n2024-01-03,x,13,10,12,600\n2024-01-04,11,13,10,12,600\n"


def text_of(answer):
    return answer.content.decode()


def bring(page, file=None, query=""):
    """Step one; returns the address of step two."""
    answer = page.post(f"/data/import/{query}", {"file": file or upload(name="ABC_1d.csv")})
    assert answer.status_code == 302, text_of(answer)
    return answer["Location"]


def fields(page, address, **changes):
    """What the form of step two would send if nothing else was touched."""
    form = page.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (values | changes).items() if value not in (None, False)}


def ask(page, address, **changes):
    """Step two; returns the import."""
    answer = page.post(address, fields(page, address, **changes))
    assert answer.status_code == 302, text_of(answer)
    assert answer["Location"].startswith("/data/imports/")
    return BarImport.objects.latest("pk")


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


@pytest.mark.django_db(transaction=True)
def test_a_refused_file_is_read_again_in_another_way_without_being_sent_again(page, page_other, run_jobs):
    failed = ask(page, bring(page, upload(BROKEN, name="ABC_1d.csv"), ""))
    run_jobs()
    body = text_of(page.get(failed.get_absolute_url()))
    assert "Problems in the file: 1" in body
    assert "is not a number" in body
    assert not Series.objects.exists()
    retry = f"/{failed.job_id}/retry/"
    assert retry not in body  # the same bytes fail the same way
    BarImport.objects.filter(pk=failed.pk).update(error_code="series_busy")
    assert retry in text_of(page.get(failed.get_absolute_url()))
    again = f"/data/import/{failed.upload_id}/?again={failed.pk}"
    assert again in body
    assert page_other.get(again).status_code == 404
    row = ask(page, again, policy="drop")
    run_jobs()
    body = text_of(page.get(row.get_absolute_url(), headers={"HX-Request": "true"}))
    assert "<html" not in body
    assert "ABC 1d now holds 2 bars" in body
    assert (BarImport.objects.get(pk=row.pk).report["rows_dropped"], Upload.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_rows_that_were_left_out_are_shown_with_the_series_and_by_the_api(
    page, api, run_jobs, django_assert_num_queries
):
    row = ask(page, bring(page, upload(BROKEN, name="ABC_1d.csv")), policy="drop")
    run_jobs()
    row.refresh_from_db()
    body = text_of(page.get(row.series.get_absolute_url()))
    assert '<td class="num" data-label="Left out">1</td>' in body
    report = f'1 row of the last file could not be used and was left out. <a href="{row.get_absolute_url()}">'
    assert report in body
    (listed,) = api.get(f"/api/market-data/series/{row.series_id}/imports/").json()["results"]
    one = api.get(f"/api/market-data/imports/{row.pk}/").json()
    assert (listed["rows_left_out"], one["rows_left_out"]) == (1, 1)
    with django_assert_num_queries(1):
        assert [item.rows_left_out for item in BarImport.objects.summaries()] == [1]


@pytest.mark.django_db(transaction=True)
def test_the_report_speaks_of_the_newest_file_and_links_to_no_import_of_somebody_else(
    page, page_other, run_jobs
):
    row = ask(page, bring(page, upload(BROKEN, name="ABC_1d.csv")), policy="drop")
    run_jobs()
    row.refresh_from_db()
    Series.objects.update(user=None)
    seen = text_of(page_other.get(row.series.get_absolute_url()))
    assert "1 row of the last file could not be used" in seen
    assert "Show its import" not in seen
    Series.objects.update(user=row.user)
    ask(page, bring(page, upload(csv_text(make_bars(10)), name="ABC_1d.csv")), overlap="replace")
    run_jobs()
    assert "of the last file" not in text_of(page.get(row.series.get_absolute_url()))


@pytest.mark.django_db(transaction=True)
def test_the_problems_are_downloaded_and_no_cell_of_them_is_a_formula(page, page_other, run_jobs):
    text = BROKEN.replace(",x,", ',"=1+1",')
    failed = ask(page, bring(page, upload(text, name="ABC_1d.csv")))
    run_jobs()
    address = f"{failed.get_absolute_url()}problems.csv"
    answer = page.get(address)
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert answer["Content-Disposition"] == f'attachment; filename="import-{failed.pk}-problems.csv"'
    assert lines[0] == "line,column,value,reason"
    assert lines[1].startswith("3,open,'=1+1,")
    assert page_other.get(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_same_file_again_changes_nothing_and_a_contradiction_is_listed(page, user, run_jobs):
    ask(page, bring(page))
    run_jobs()
    again = ask(page, bring(page))
    run_jobs()
    assert "Nothing changed" in text_of(page.get(again.get_absolute_url()))
    changed = csv_text(make_bars(10)).splitlines()
    cells = changed[3].split(",")
    changed[3] = ",".join([*cells[:5], "7777"])
    row = ask(page, bring(page, upload("\n".join(changed), name="ABC_1d.csv")))
    run_jobs()
    body = text_of(page.get(row.get_absolute_url()))
    assert "Values that contradict stored ones: 1" in body
    assert "7\u202f777.00" in body
    assert Series.objects.get().bar_count == 10


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

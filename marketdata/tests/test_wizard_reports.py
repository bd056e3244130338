"""What the import wizard ends in: a report, with the problems of the file and what can be done about them."""

import pytest

from marketdata.exports import problems_response
from marketdata.models import BarImport, Series, Upload
from marketdata.tests.bars import csv_text, make_bars
from marketdata.tests.conftest import upload
from marketdata.tests.wizard import BROKEN, ask, bring, text_of

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("value", "written"),
    [("", ""), ("-5", "-5"), ("-x", "'-x"), ("=1+1", "'=1+1"), ("+x", "'+x"), ("@x", "'@x"), (3, "3")],
)
def test_a_cell_that_was_empty_or_a_number_is_downloaded_as_it_was(value, written):
    problem = {"line": 3, "column": "close", "value": value, "reason": "unusable"}
    answer = problems_response(BarImport(pk=1, problems=[problem]))
    assert b"".join(answer.streaming_content).decode().splitlines()[1] == f"3,close,{written},unusable"


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

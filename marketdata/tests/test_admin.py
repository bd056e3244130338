"""Market data in the admin: readable, importable, and never all the millions of rows at once."""

from datetime import UTC, datetime

import pytest
from django.db.models import ProtectedError

from algotrade.jobs.models import Job
from marketdata.incoming import deriving
from marketdata.incoming.submissions import keep_upload
from marketdata.models import BarImport, Feed, Series, Snapshot, Upload
from marketdata.services import current_snapshot, import_bars
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series, upload

pytestmark = pytest.mark.django_db

SERIES = "/admin/marketdata/series/"
BARS = "/admin/marketdata/marketdata/"
SNAPSHOTS = "/admin/marketdata/snapshot/"
IMPORTS = "/admin/marketdata/barimport/"
UPLOADS = "/admin/marketdata/upload/"
FEEDS = "/admin/marketdata/feed/"


def test_the_series_show_whose_they_are_how_complete_and_how_good(page_staff, series, shared_series):
    body = page_staff.get(SERIES).content.decode()
    for words in ("ABC", "SHARED", "ada", "100.00%", "good"):
        assert words in body
    body = page_staff.get(f"{SERIES}?shared=1&timeframe=1d").content.decode()
    assert "SHARED" in body
    assert "ABC" not in body


def test_the_list_does_not_ask_again_for_each_row(page_staff, make_user, django_assert_max_num_queries):
    for number in range(30):
        make_series(make_user(f"u{number}"), f"S{number}")
    page_staff.get(SERIES)
    with django_assert_max_num_queries(10):
        assert page_staff.get(SERIES).status_code == 200


def test_staff_import_for_everybody_with_the_wizard_of_the_pages(page_staff, client_for, user):
    answer = page_staff.get(f"{SERIES}import-file/")
    assert answer["Location"] == "/data/import/?shared=1"
    assert "Import a file" in page_staff.get(SERIES).content.decode()
    assert client_for(user).get(f"{SERIES}import-file/").status_code == 302


def test_the_series_are_filtered_by_quality_and_coverage(page_staff, series, user):
    make_series(user, "HALF", make_bars(10), calendar="XNYS")
    Series.objects.filter(symbol="HALF").update(coverage=0.5, quality_grade="poor")

    def shown(query):
        return [item.symbol for item in page_staff.get(f"{SERIES}?{query}").context["cl"].result_list]

    assert shown("coverage=few") == ["HALF"]
    assert shown("coverage=full") == ["ABC"]
    assert shown("coverage=some") == []
    assert shown("quality_grade=poor") == ["HALF"]


def test_the_quality_report_is_read_and_asked_for_anew(page_staff, user):
    series = make_series(user, "GAPS", make_bars(3))
    import_bars(series=series, bars=make_bars(3, "2024-01-10"), overlap="extend")
    assert "Gaps" in page_staff.get(f"{SERIES}{series.pk}/change/").content.decode()
    page_staff.post(SERIES, {"action": "examine_selected", "_selected_action": series.pk})
    assert Job.objects.get().kind == "marketdata.examine"


@pytest.mark.django_db(transaction=True)
def test_another_calendar_has_the_quality_examined_and_derived_series_made_anew(page_staff, user, run_jobs):
    source = make_series(user, "HOURS", make_bars(48, "2025-11-26T00:00", "h"), timeframe="1h")
    deriving.resample_series(user, source, "1d")
    run_jobs()
    form = {"name": "", "user": user.pk, "calendar": "XNYS", "timezone": "UTC"}
    assert page_staff.post(f"{SERIES}{source.pk}/change/", form).status_code == 302
    kinds = Job.objects.filter(state=Job.State.QUEUED).values_list("kind", flat=True)
    assert sorted(kinds) == ["marketdata.derive", "marketdata.examine"]


def test_imports_are_read_with_their_problems_and_not_changed(
    page_staff, user, django_assert_max_num_queries
):
    problems = [{"line": 7, "column": "close", "value": "<b>x</b>", "reason": "is not a number."}]
    for number in range(20):
        row = BarImport.objects.create(
            user=user,
            symbol=f"S{number}",
            timeframe="1d",
            source="file",
            origin="bars.csv",
            status="failed",
            problem_count=1,
            problems=problems,
        )
    with django_assert_max_num_queries(10):
        body = page_staff.get(IMPORTS).content.decode()
    assert "bars.csv" in body
    body = page_staff.get(f"{IMPORTS}{row.pk}/change/").content.decode()
    assert "is not a number." in body
    assert "<b>x</b>" not in body
    assert list(page_staff.get(f"{IMPORTS}?found=conflicts").context["cl"].result_list) == []
    conflict = {"time": "2024-01-02T00:00:00Z", "column": "close", "stored": 10.0, "new": 11.0}
    BarImport.objects.filter(pk=row.pk).update(conflicts=[conflict], conflict_count=1)
    body = page_staff.get(f"{IMPORTS}{row.pk}/change/").content.decode()
    assert '<td class="px-2 align-top">2024-01-02</td>' in body
    assert page_staff.get(f"{IMPORTS}add/").status_code == 403
    assert page_staff.post(f"{IMPORTS}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_feeds_that_fail_are_found_and_made_due(page_staff, series):
    later = datetime(2199, 1, 1, tzinfo=UTC)
    feed = Feed.objects.create(
        series=series, provider="synthetic", symbol="GBM", failures=3, last_error="gone", next_at=later
    )
    assert "GBM" in page_staff.get(f"{FEEDS}?state=failing").content.decode()
    assert list(page_staff.get(f"{FEEDS}?state=due").context["cl"].result_list) == []
    page_staff.post(FEEDS, {"action": "refresh_selected", "_selected_action": feed.pk})
    assert list(page_staff.get(f"{FEEDS}?state=due").context["cl"].result_list) == [feed]
    assert "gone" in page_staff.get(f"{FEEDS}{feed.pk}/change/").content.decode()


def test_an_upload_is_deleted_with_its_file(page_staff, user, media_root, django_capture_on_commit_callbacks):
    kept = keep_upload(user, upload())
    assert "bars.csv" in page_staff.get(UPLOADS).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert page_staff.post(f"{UPLOADS}{kept.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Upload.objects.exists()
    assert not (media_root / kept.path).exists()


def test_damaged_snapshots_are_found(page_staff, series, shared_series):
    Snapshot.objects.filter(series=series).update(damaged_at=datetime(2024, 1, 1, tzinfo=UTC))

    def shown(query):
        return [item.series for item in page_staff.get(f"{SNAPSHOTS}?{query}").context["cl"].result_list]

    assert (shown("damaged=1"), shown("damaged=0")) == ([series], [shared_series])


def test_a_series_is_opened_changed_and_deleted(page_staff, series):
    url = f"{SERIES}{series.pk}/change/"
    assert page_staff.get(url).status_code == 200
    form = {"name": "Renamed", "user": "", "calendar": "24/7", "timezone": "UTC"}
    assert page_staff.post(url, form).status_code == 302
    assert Series.objects.get().name == "Renamed"
    assert "Select a valid choice" in page_staff.post(url, form | {"calendar": "moon"}).content.decode()
    body = page_staff.get(f"{SERIES}{series.pk}/delete/").content.decode()
    assert "ABC 1d (shared): 10 bars" in body
    assert page_staff.post(f"{SERIES}{series.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Series.objects.exists()


def test_bars_are_shown_for_a_chosen_series_and_never_all_at_once(
    page_staff, series, shared_series, django_assert_max_num_queries
):
    def shown(url):
        return page_staff.get(url).context["cl"].result_list

    assert list(shown(BARS)) == []
    with django_assert_max_num_queries(10):
        assert len(shown(f"{BARS}?series={series.pk}")) == 10
    assert page_staff.get(f"{BARS}?series=x").status_code == 200


def test_snapshots_and_bars_are_read_only(page_staff, series):
    snapshot, bar = current_snapshot(series), series.bars.first()
    assert snapshot.sha256[:12] in page_staff.get(SNAPSHOTS).content.decode()
    assert page_staff.get(f"{SNAPSHOTS}{snapshot.pk}/change/").status_code == 200
    for url in (
        f"{SNAPSHOTS}add/",
        f"{BARS}add/",
        f"{SNAPSHOTS}{snapshot.pk}/delete/",
        f"{BARS}{bar.pk}/delete/",
    ):
        assert page_staff.get(url).status_code == 403


def test_others_do_not_get_in(client_for, user):
    assert client_for(user).get(SERIES).status_code == 302


def test_a_series_that_results_use_is_not_deleted_and_staff_are_told(page_staff, series, monkeypatch):
    def refuse(item):
        raise ProtectedError("in use", {item})

    monkeypatch.setattr("marketdata.store.deleting.delete", refuse)
    answer = page_staff.post(f"{SERIES}{series.pk}/delete/", {"post": "yes"}, follow=True)
    assert "stored results were computed from it" in answer.content.decode()
    answer = page_staff.post(
        SERIES, {"action": "delete_selected", "_selected_action": series.pk, "post": "yes"}
    )
    assert answer.status_code < 500
    assert Series.objects.exists()


def test_the_list_is_searched_by_owner(page_staff, user):
    make_series(user, bars=make_bars(3))
    assert "ABC" in page_staff.get(f"{SERIES}?q=ada").content.decode()

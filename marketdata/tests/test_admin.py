"""Market data in the admin: readable, importable, and never all the millions of rows at once."""

import pytest
from django.db.models import ProtectedError

from algotrade.jobs.models import Job
from marketdata.models import Series
from marketdata.services import current_snapshot
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series, upload

pytestmark = pytest.mark.django_db

SERIES = "/admin/marketdata/series/"
BARS = "/admin/marketdata/marketdata/"
SNAPSHOTS = "/admin/marketdata/snapshot/"


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


def test_staff_import_a_file_for_everybody(page_staff, staff):
    url = f"{SERIES}import-csv/"
    assert "CSV file" in page_staff.get(url).content.decode()
    form = {"symbol": "NEW", "timeframe": "1d", "calendar": "24/7", "timezone": "UTC", "overlap": "replace"}
    answer = page_staff.post(url, form | {"file": upload(), "shared": "on"})
    assert answer.status_code == 302
    job = Job.objects.get()
    assert (job.owner, job.payload["shared"]) == (staff, True)
    answer = page_staff.post(url, form | {"file": upload(), "symbol": "a b"})
    assert answer.status_code == 422
    assert "is not a symbol" in answer.content.decode()


def test_a_series_is_opened_changed_and_deleted(page_staff, series):
    url = f"{SERIES}{series.pk}/change/"
    assert page_staff.get(url).status_code == 200
    form = {"name": "Renamed", "user": "", "calendar": "24/7", "timezone": "UTC"}
    assert page_staff.post(url, form).status_code == 302
    assert Series.objects.get().name == "Renamed"
    body = page_staff.get(f"{SERIES}{series.pk}/delete/").content.decode()
    assert "ABC 1d (10 bars)" in body
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
    assert client_for(user).post(f"{SERIES}import-csv/", {}).status_code == 302


def test_a_series_that_results_use_is_not_deleted_and_staff_are_told(page_staff, series, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise ProtectedError("in use", {self})

    monkeypatch.setattr(Series, "delete", refuse)
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

"""What the page of a series lets its owner do: describe it anew, go back, adjust, resample, keep it up to date."""

import pytest

from algotrade.jobs.models import Job
from marketdata.models import BarImport, Feed, Series, Snapshot
from marketdata.services import current_snapshot, import_bars
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series

pytestmark = pytest.mark.django_db

SPLIT = {
    "kind": "split",
    "severity": "error",
    "time": "2024-01-05",
    "start": "2024-01-05T00:00:00Z",
    "end": "2024-01-05T00:00:00Z",
    "bars": 1,
    "text": "Looks like a 4 for 1 split",
    "ratio": [1, 4],
}


def text_of(answer):
    return answer.content.decode()


def suspect_a_split(series):
    """Have the report of a series name a split, without prices that show one."""
    snapshot = current_snapshot(series)
    report = snapshot.quality | {"splits": [SPLIT], "split_count": 1}
    Snapshot.objects.filter(pk=snapshot.pk).update(quality=report)


def test_a_stranger_changes_nothing(page_other, series, shared_series):
    for pk in (series.pk, shared_series.pk):
        for action in ("edit", "restore", "feed", "feed/refresh", "feed/switch", "feed/delete"):
            assert page_other.post(f"/data/{pk}/{action}/", {"name": "x"}).status_code == 404, action
    for action in ("resample", "adjust-splits"):
        assert page_other.post(f"/data/{series.pk}/{action}/").status_code == 404
    assert not Job.objects.exists()


def test_a_series_gets_another_name_at_once_and_another_calendar_by_a_job(page, series):
    url = f"/data/{series.pk}/edit/"
    form = {"name": "Alphabet", "calendar": "24/7", "timezone": "UTC"}
    assert page.post(url, form)["Location"] == f"/data/{series.pk}/"
    assert not Job.objects.exists()
    assert page.post(url, form | {"calendar": "XNYS"}).status_code == 302
    series.refresh_from_db()
    assert (series.name, series.calendar) == ("Alphabet", "XNYS")
    assert Job.objects.get().kind == "marketdata.examine"
    answer = page.post(url, form | {"timezone": "Nowhere"})
    assert answer.status_code == 422
    assert "is not a timezone" in text_of(answer)


def test_a_suspected_split_is_adjusted_in_one_press(page, series):
    suspect_a_split(series)
    body = text_of(page.get(f"/data/{series.pk}/"))
    assert "Looks like a 4 for 1 split" in body
    assert "Adjust the split of 2024-01-05" in body
    answer = page.post(f"/data/{series.pk}/adjust-splits/", {"time": SPLIT["start"]})
    row = BarImport.objects.get()
    assert answer["Location"] == row.get_absolute_url()
    assert row.settings["key"]["adjustment"] == "splits"
    assert row.settings["recipe"]["splits"][0]["ratio"] == 4
    back = {"Referer": f"http://testserver/data/{series.pk}/"}
    answer = page.post(f"/data/{series.pk}/adjust-splits/", {"time": "2020-01-01"}, headers=back, follow=True)
    assert "There is no such suspected split" in text_of(answer)


def test_staff_make_series_for_everybody_of_shared_ones_alone(page, page_staff, user, staff, shared_series):
    suspect_a_split(shared_series)
    url = f"/data/{shared_series.pk}/"
    offers = ("Resample for everybody", "Adjust the split of 2024-01-05 for everybody")
    seen_by_staff = text_of(page_staff.get(url))
    seen_by_others = text_of(page.get(url))
    own = text_of(page_staff.get(f"/data/{make_series(staff, 'MINE', make_bars(10)).pk}/"))
    assert all(offer in seen_by_staff and offer not in seen_by_others + own for offer in offers)
    for action, form in (("resample", {"timeframe": "1w"}), ("adjust-splits", {"time": SPLIT["start"]})):
        page_staff.post(f"{url}{action}/", {**form, "shared": "1"})
        assert BarImport.objects.latest("pk").settings["shared"] is True
        page_staff.post(f"{url}{action}/", form)
        assert BarImport.objects.latest("pk").settings["shared"] is False
        page.post(f"{url}{action}/", {**form, "shared": "1"})
        assert not BarImport.objects.filter(user=user).exists()


def test_a_series_that_is_adjusted_already_offers_no_adjustment(page, user):
    series = make_series(user, "DONE", make_bars(10), adjustment="splits_dividends")
    suspect_a_split(series)
    assert "adjust-splits" not in text_of(page.get(f"/data/{series.pk}/"))


@pytest.mark.django_db(transaction=True)
def test_longer_bars_are_made_and_linked_both_ways(page, series, run_jobs):
    body = text_of(page.get(f"/data/{series.pk}/"))
    assert '<option value="1w">' in body
    assert '<option value="1m">' not in body
    page.post(f"/data/{series.pk}/resample/", {"timeframe": "1w"})
    assert {job.state for job in run_jobs()} == {"succeeded"}
    weekly = Series.objects.get(timeframe="1w")
    assert f'href="/data/{weekly.pk}/"' in text_of(page.get(f"/data/{series.pk}/"))
    body = text_of(page.get(f"/data/{weekly.pk}/"))
    assert f'Computed from <a href="/data/{series.pk}/">' in body
    assert f"/data/import/?series={weekly.pk}" not in body
    assert page.post(f"/data/{weekly.pk}/restore/", {"snapshot": 1}).status_code in {302, 400}


@pytest.mark.django_db(transaction=True)
def test_an_earlier_snapshot_is_offered_and_taken_back(page, series, run_jobs):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(5, "2024-01-11"))
    body = text_of(page.get(f"/data/{series.pk}/"))
    assert body.count('name="snapshot"') == 1
    assert page.post(f"/data/{series.pk}/restore/", {"snapshot": first.pk}).status_code == 302
    run_jobs()
    series.refresh_from_db()
    assert (series.bar_count, series.content_sha256) == (10, first.sha256)


def test_a_damaged_snapshot_is_named_and_not_offered(page, series):
    import_bars(series=series, bars=make_bars(5, "2024-01-11"))
    series.snapshots.exclude(sha256=series.content_sha256).update(damaged_at=series.created_at)
    body = text_of(page.get(f"/data/{series.pk}/"))
    assert "damaged" in body
    assert 'name="snapshot"' not in body


def test_a_feed_is_given_refreshed_switched_off_and_removed(page, series):
    url = f"/data/{series.pk}/"
    form = {"provider": "ccxt", "symbol": "binance:ABC/USD", "every": "1h", "enabled": "on"}
    assert "Keep it up to date" in text_of(page.get(url))
    assert page.post(f"{url}feed/", form)["Location"] == url
    body = text_of(page.get(url))
    assert "binance:ABC/USD" in body
    assert "every hour" in body
    assert page.post(f"{url}feed/refresh/").status_code == 302
    assert BarImport.objects.get().settings["provider_symbol"] == "binance:ABC/USD"
    page.post(f"{url}feed/switch/", {"enabled": "0"})
    assert "Switched off" in text_of(page.get(url))
    Feed.objects.update(failures=2, last_error="The exchange did not answer.", enabled=True)
    body = text_of(page.get(url))
    assert "The exchange did not answer." in body
    assert "Download everything again" in body
    answer = page.post(f"{url}feed/", form | {"symbol": ""})
    assert answer.status_code == 422
    assert page.post(f"{url}feed/delete/").status_code == 302
    assert not Feed.objects.exists()


def test_staff_keep_shared_series_up_to_date_and_nobody_else_does(page, page_staff, shared_series):
    url = f"/data/{shared_series.pk}/"
    form = {"provider": "ccxt", "symbol": "binance:ABC/USD", "every": "1h", "enabled": "on"}
    assert "Keep it up to date" not in text_of(page.get(url))
    assert page.post(f"{url}feed/", form).status_code == 404
    assert "Keep it up to date" in text_of(page_staff.get(url))
    assert page_staff.post(f"{url}feed/", form)["Location"] == url
    assert "Refresh now" in text_of(page_staff.get(url))
    assert "binance:ABC/USD" in (seen := text_of(page.get(url)))
    assert "Refresh now" not in seen
    for action in ("refresh", "switch", "delete"):
        assert page.post(f"{url}feed/{action}/").status_code == 404
    assert page_staff.post(f"{url}feed/refresh/").status_code == 302
    assert BarImport.objects.get().series == shared_series
    assert page_staff.post(f"{url}feed/delete/").status_code == 302
    assert not Feed.objects.exists()


def test_a_download_is_asked_for_on_its_page(page):
    body = text_of(page.get("/data/fetch/"))
    assert "Alpha Vantage" in body
    form = {"provider": "ccxt", "provider_symbol": "kraken:ETH/EUR", "timeframe": "1d", "overlap": "extend"}
    assert page.post("/data/fetch/", form | {"symbol": "ETHEUR"}).status_code == 302
    row = BarImport.objects.get()
    assert (row.symbol, row.settings["key"]["calendar"], row.status) == ("ETHEUR", "24/7", "queued")
    answer = page.post("/data/fetch/", form | {"start": "2024-02-01", "end": "2024-01-01"})
    assert answer.status_code == 422
    assert "is before the first" in text_of(answer)


@pytest.mark.django_db(transaction=True)
def test_a_fresh_lab_fetches_and_feeds_made_up_bars_without_any_package(page, run_jobs):
    form = {"provider": "synthetic", "provider_symbol": "GBM", "timeframe": "1d", "overlap": "extend"}
    answer = page.post("/data/fetch/", form | {"start": "2024-01-01", "end": "2024-02-01"})
    assert answer.status_code == 302, text_of(answer)
    assert [job.state for job in run_jobs()] == ["succeeded"]
    url = f"/data/{Series.objects.get().pk}/feed/"
    assert '<option value="synthetic" selected>' in text_of(page.get(url))
    page.post(url, {"provider": "synthetic", "symbol": "GBM", "every": "1d", "enabled": "on"})
    assert Feed.objects.get().provider == "synthetic"


def test_pages_and_api_offer_the_same_providers(page, api):
    offered = {key for key, _label in page.get("/data/fetch/").context["form"].fields["provider"].choices}
    assert offered == {item["key"] for item in api.get("/api/market-data/providers/").json()}
    assert offered >= {"csv", "synthetic", "ccxt", "yfinance", "alphavantage"}


def test_a_feed_keeps_its_provider_among_the_choices_when_that_is_gone(page, series):
    Feed.objects.create(series=series, provider="moon", symbol="ABC")
    body = text_of(page.get(f"/data/{series.pk}/feed/"))
    assert '<option value="moon" selected>' in body
    form = {"provider": "moon", "symbol": "ABC", "every": "1h", "enabled": "on"}
    answer = page.post(f"/data/{series.pk}/feed/", form)
    assert Feed.objects.get().provider == "moon", text_of(answer)


def test_a_provider_that_lacks_something_says_what(page, monkeypatch):
    monkeypatch.delenv("ALPHAVANTAGE_API_KEY", raising=False)
    assert "ALPHAVANTAGE_API_KEY" in text_of(page.get("/data/fetch/"))
    form = {"provider": "alphavantage", "provider_symbol": "IBM", "timeframe": "1d", "overlap": "extend"}
    answer = page.post("/data/fetch/", form)
    assert answer.status_code == 422
    assert "ALPHAVANTAGE_API_KEY" in text_of(answer)


def test_coverage_is_drawn_by_year_and_findings_by_kind(page, user):
    series = make_series(user, "GAPS", make_bars(5, "2023-12-30"))
    import_bars(series=series, bars=make_bars(5, "2024-01-20"), overlap="extend")
    body = text_of(page.get(f"/data/{series.pk}/"))
    assert body.index("2023") < body.index("2024")
    assert "year-full" in body
    assert "year-few" in body
    assert "Bars that the calendar expects" in body

"""Downloads: what a provider gives becomes a series, or an error in words."""

from datetime import UTC, datetime

import pytest

from marketdata.errors import ProviderUnavailable
from marketdata.incoming.submissions import submit_fetch
from marketdata.models import BarImport, Series
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series
from marketdata.tests.scripted import changed, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


def test_a_download_makes_a_series_with_its_report(user, source, run_jobs):
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d", calendar="24/7")
    (job,) = run_jobs()
    assert (job.state, job.error_detail) == ("succeeded", "")
    row = BarImport.objects.get(job=job)
    assert (row.bars_added, row.source, row.series.symbol) == (10, "provider", "NEW")
    assert row.series.source == "scripted"
    assert row.report["notes"] == ["Ten rows were looked at."]
    assert row.report["bars_received"] == 10
    assert row.report["first_received"] == "2024-01-01T00:00:00Z"
    assert stored(row.series).close.tolist() == make_bars(10).close.tolist()


def test_the_period_is_handed_on_and_an_empty_one_is_an_error_in_words(user, source, run_jobs):
    day = datetime(2023, 5, 1, tzinfo=UTC).date()
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d", start=day, end=day)
    (job,) = run_jobs()
    assert source.asked == [("NEW", "1d", "2023-05-01", "2023-05-01")]
    assert (job.state, job.error_detail) == ("failed", "Scripted has no bars in this period.")
    assert not Series.objects.exists()


def test_a_download_that_contradicts_stored_bars_lists_them_and_stores_nothing(user, source, run_jobs):
    series = make_series(user, "NEW", make_bars(10), source="scripted")
    source.bars = changed(make_bars(12), [4])
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d")
    (job,) = run_jobs()
    assert (job.state, job.error_code) == ("failed", "bars_conflict")
    row = BarImport.objects.get(job=job)
    assert row.conflict_count == 4
    assert stored(series).close.tolist() == make_bars(10).close.tolist()


def test_the_error_of_a_provider_is_the_error_of_the_job(user, source, run_jobs):
    source.error = ProviderUnavailable("Scripted gave no usable answer (status 503; asked 5 times).")
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d")
    (job,) = run_jobs()
    assert (job.error_code, job.error_detail) == ("provider_unavailable", source.error.detail)


@pytest.mark.parametrize(
    "symbol", ["^GSPC", "EURUSD=X", "BTC-USD", "BRK.B", "M&M.NS", "ES=F", "binance:BTC/USDT:USDT"]
)
def test_the_symbols_of_providers_are_symbols_of_the_lab(user, page, api, symbol):
    asked = {"provider": "ccxt", "provider_symbol": symbol, "timeframe": "1d"}
    answer = page.post("/data/fetch/", asked | {"overlap": "extend"})
    assert answer.status_code == 302, answer.content.decode()
    assert api.post("/api/market-data/fetches/", asked, format="json").status_code == 202
    assert {row.symbol for row in BarImport.objects.all()} == {symbol.upper()}
    series = make_series(user, symbol.upper(), make_bars(10))
    series.full_clean()
    assert page.get(f"/data/{series.pk}/").status_code == 200
    name = page.get(f"/data/{series.pk}/bars.csv")["Content-Disposition"]
    assert not set(name.removeprefix("attachment; filename=")) & set("^=/&:")

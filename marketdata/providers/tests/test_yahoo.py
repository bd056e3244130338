"""Yahoo through yfinance, whose own requests (cookie, crumb, chart) go to a server on this machine."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from marketdata.errors import MissingExtra, ProviderError, ProviderUnavailable, RateLimited
from marketdata.providers import YFinanceProvider
from marketdata.providers.tests.conftest import quick
from marketdata.providers.tests.server import TROUBLE, Answer

NEW_YORK = ZoneInfo("America/New_York")
CRUMB = "cRuMb0123"


def opening(day, zone=NEW_YORK, hour=9, minute=30):
    """The second at which a session of that day opens."""
    moment = dt.datetime.combine(day, dt.time(hour, minute), tzinfo=zone)
    return int(moment.timestamp())


def chart(symbol, times, rows, *, granularity="1d", zone="America/New_York", adjusted=None, events=None):
    """The answer of /v8/finance/chart/: rows of open, high, low, close, volume."""
    now = int(dt.datetime.now(dt.UTC).timestamp())
    regular = {"timezone": "EST", "start": now - 3600, "end": now + 3600, "gmtoffset": -18000}
    meta = {
        "currency": "USD", "symbol": symbol, "exchangeName": "NMS", "fullExchangeName": "NasdaqGS",
        "instrumentType": "EQUITY", "firstTradeDate": 345479400, "regularMarketTime": now,
        "hasPrePostMarketData": True, "gmtoffset": -18000, "timezone": "EST", "exchangeTimezoneName": zone,
        "regularMarketPrice": 100.0, "chartPreviousClose": 100.0, "priceHint": 2,
        "currentTradingPeriod": {"pre": regular, "regular": regular, "post": regular},
        "dataGranularity": granularity, "range": "",
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }  # fmt: skip
    if granularity not in ("1d", "1wk"):
        days = sorted({dt.datetime.fromtimestamp(time, NEW_YORK).date() for time in times or [now]})
        meta["tradingPeriods"] = [
            [
                {
                    "timezone": "EST",
                    "start": opening(day),
                    "end": opening(day, hour=16, minute=0),
                    "gmtoffset": -18000,
                }
            ]
            for day in days
        ]
    names = ("open", "high", "low", "close", "volume")
    indicators = {"quote": [{name: [row[place] for row in rows] for place, name in enumerate(names)}]}
    if granularity in ("1d", "1wk"):
        indicators["adjclose"] = [{"adjclose": adjusted or [row[3] for row in rows]}]
    result = {"meta": meta, "timestamp": list(times), "indicators": indicators}
    if not rows:
        result = {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
    if events:
        result["events"] = events
    return {"chart": {"result": [result], "error": None}}


def chart_error(code, description):
    return {"chart": {"result": None, "error": {"code": code, "description": description}}}


class Yahoo:
    """Cookie and crumb as the library wants them, and charts of one symbol."""

    def __init__(self, times, rows, **options):
        self.times, self.rows, self.options = times, rows, options
        self.granularity = options.get("granularity", "1d")

    def __call__(self, question):
        if "getcrumb" in question.path:
            return Answer(CRUMB, headers={"Content-Type": "text/plain"})
        if "/finance/chart/" not in question.path:
            return Answer("", status=404, headers={"Set-Cookie": "A3=d=abc; Path=/"})
        symbol = question.path.rsplit("/", 1)[-1]
        if symbol != "ACME":
            return Answer(chart_error("Not Found", "No data found, symbol may be delisted"), status=404)
        if "range" in question.parameters:  # how the library finds the time zone
            return Answer(chart(symbol, self.times[-1:], self.rows[-1:], **self.options))
        first, after = (int(question.parameters[name]) for name in ("period1", "period2"))
        chosen = [row for row, time in enumerate(self.times) if first <= time < after]
        options = dict(self.options)
        if options.get("adjusted"):
            options["adjusted"] = [options["adjusted"][row] for row in chosen]
        return Answer(
            chart(symbol, [self.times[row] for row in chosen], [self.rows[row] for row in chosen], **options)
        )


DAYS = [dt.date(2024, 1, 2), dt.date(2024, 1, 3), dt.date(2024, 7, 1)]
ROWS = [
    (100.0, 102.0, 99.0, 100.0, 1000),
    (101.0, 103.0, 100.0, 102.0, 2000),
    (102.0, 104.0, 101.0, 103.0, 3000),
]


def daily(**options):
    return Yahoo([opening(day) for day in DAYS], ROWS, **options)


@pytest.fixture
def server(serve):
    return serve(daily(adjusted=[50.0, 51.0, 103.0]))


@pytest.fixture
def provider(server):
    return quick(YFinanceProvider(reroute=lambda url: re.sub(r"^https?://", f"{server.url}/", url)))


@pytest.fixture(autouse=True)
def fresh_library(monkeypatch):
    """What the library keeps for the life of a process must not leak from test to test."""
    from yfinance import base, cache
    from yfinance.data import SingletonMeta

    monkeypatch.setattr("marketdata.providers.yahoo._folder", None)
    monkeypatch.setattr(SingletonMeta, "_instances", {})
    monkeypatch.setattr(base, "_tz_info_fetch_ctr", 0)
    for manager in (cache._TzCacheManager, cache._CookieCacheManager):
        name = "_tz_cache" if hasattr(manager, "_tz_cache") else "_Cookie_cache"
        monkeypatch.setattr(
            manager, name, cache._TzCacheDummy() if name == "_tz_cache" else cache._CookieCacheDummy()
        )


def charts(server):
    return [question for question in server.asked("/finance/chart/") if "period1" in question.parameters]


def test_days_come_by_the_date_of_their_session_and_adjusted(server, provider):
    bars = provider.history("ACME", "1d", "2024-01-01", "2024-12-31")
    assert [str(time) for time in bars.time] == [
        "2024-01-02T00:00:00.000000000", "2024-01-03T00:00:00.000000000", "2024-07-01T00:00:00.000000000",
    ]  # fmt: skip
    # The first adjusted close is half of the close, and so is every price of that day; the volume stays.
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (50.0, 51.0, 49.5, 50.0)
    assert bars.close.tolist() == [50.0, 51.0, 103.0]
    assert bars.volume.tolist() == [1000.0, 2000.0, 3000.0]


def test_the_library_asks_with_the_cookie_and_the_crumb(server, provider):
    provider.history("ACME", "1d", "2024-01-01", "2024-12-31")
    asked = charts(server)[0]
    assert asked.path == "/query2.finance.yahoo.com/v8/finance/chart/ACME"
    assert asked.parameters["crumb"] == CRUMB
    assert asked.parameters["interval"] == "1d"
    assert "A3=" in asked.headers.get("Cookie", "")


def test_both_ends_of_the_period_are_included(server, provider):
    bars = provider.history("ACME", "1d", "2024-01-03", "2024-01-03")
    assert bars.close.tolist() == [51.0]


def test_without_the_crumb_the_prices_come_all_the_same(server, provider):
    ordinary = server.respond
    server.respond = lambda question: (
        Answer("Too Many Requests", status=429) if "getcrumb" in question.path else ordinary(question)
    )
    assert len(provider.history("ACME", "1d", "2024-01-01", "2024-12-31")) == 3


def test_the_bar_of_today_is_left_out(server, provider):
    today = dt.datetime.now(dt.UTC).date()
    days = [today - dt.timedelta(days=number) for number in (3, 2, 1, 0)]
    times = [opening(day, hour=0, minute=1) for day in days]
    server.respond = Yahoo(times, [ROWS[0]] * 4)
    bars = provider.history("ACME", "1d", str(days[0] - dt.timedelta(days=5)))
    assert bars.time[-1] == np.datetime64(days[2])


def test_minutes_come_in_utc_and_a_week_at_a_time(server, provider):
    today = dt.datetime.now(dt.UTC).date()
    times = [
        int(dt.datetime.combine(today - dt.timedelta(days=back), dt.time(15, 0), tzinfo=dt.UTC).timestamp())
        for back in range(25, 1, -1)
    ]
    server.respond = Yahoo(times, [ROWS[0]] * len(times), granularity="1m")
    bars = provider.history("ACME", "1m", str(today - dt.timedelta(days=28)))
    assert [str(time)[11:16] for time in bars.time] == ["15:00"] * 24
    assert len({(question.parameters["period1"]) for question in charts(server)}) >= 4
    spans = [
        int(question.parameters["period2"]) - int(question.parameters["period1"])
        for question in charts(server)
    ]
    assert max(spans) <= 8 * 86_400


def test_what_lies_beyond_the_reach_is_noted_and_not_asked_for(server, provider):
    server.respond = Yahoo([], [], granularity="1m")
    server.respond.times, server.respond.rows = [opening(dt.date(2024, 1, 2))], [ROWS[0]]
    assert len(provider.history("ACME", "1m", "2020-01-01")) == 0
    assert provider.notes == ("Yahoo keeps bars of 1m for 29 days; nothing before was asked for.",)
    earliest = min(int(question.parameters["period1"]) for question in charts(server))
    assert earliest > dt.datetime.now(dt.UTC).timestamp() - 31 * 86_400


def test_weeks_are_named_by_their_monday(server, provider):
    mondays = [dt.date(2024, 1, 1), dt.date(2024, 1, 8)]
    server.respond = Yahoo([opening(day, hour=0, minute=0) for day in mondays], ROWS[:2], granularity="1wk")
    bars = provider.history("ACME", "1w", "2024-01-03", "2024-01-31")
    assert [str(time)[:10] for time in bars.time] == ["2024-01-08"]
    bars = provider.history("ACME", "1w", "2024-01-01", "2024-01-31")
    assert [str(time)[:10] for time in bars.time] == ["2024-01-01", "2024-01-08"]


def test_rows_without_prices_are_left_out_and_noted(server, provider):
    rows = [ROWS[0], (None, None, None, None, None), ROWS[2]]
    server.respond = Yahoo([opening(day) for day in DAYS], rows)
    assert len(provider.history("ACME", "1d", "2024-01-01", "2024-12-31")) == 2
    assert provider.notes == ("1 rows without prices were left out.",)


def test_a_symbol_that_nobody_knows_is_an_error(server, provider):
    with pytest.raises(ProviderError, match="NOBODY") as caught:
        provider.history("NOBODY", "1d", "2024-01-01", "2024-12-31")
    assert "symbol" in caught.value.fields
    for symbol in ("", "A B", "ACME/../../v1", "x" * 41):
        with pytest.raises(ProviderError):
            provider.history(symbol, "1d", "2024-01-01", "2024-12-31")


def test_a_period_without_bars_is_no_error(server, provider):
    assert len(provider.history("ACME", "1d", "2024-02-03", "2024-02-04")) == 0
    ordinary = server.respond
    error = chart_error("Bad Request", "Data doesn't exist for startDate = 1706936400, endDate = 1707022800")
    server.respond = lambda question: (
        Answer(error, status=400) if "period1" in question.parameters else ordinary(question)
    )
    assert len(provider.history("ACME", "1d", "2024-02-03", "2024-02-04")) == 0


def test_another_reason_of_yahoos_is_told(server, provider):
    ordinary = server.respond
    error = chart_error("Unprocessable Entity", "1h data not available for startTime=1 and endTime=2.")
    server.respond = lambda question: (
        Answer(error, status=422) if "period1" in question.parameters else ordinary(question)
    )
    with pytest.raises(ProviderError, match="1h data not available"):
        provider.history("ACME", "1h", str(dt.date.today() - dt.timedelta(days=5)))


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_that_passes_is_survived(server, provider, name):
    ordinary, left = server.respond, [2]

    def respond(question):
        if "period1" in question.parameters and left[0]:
            left[0] -= 1
            return TROUBLE[name]
        return ordinary(question)

    server.respond = respond
    assert len(provider.history("ACME", "1d", "2024-01-01", "2024-12-31")) == 3
    assert left == [0]


@pytest.mark.parametrize("name", ["server error", "reset", "cut short", "no JSON", "a web page"])
def test_trouble_that_stays_is_named(server, provider, name):
    ordinary = server.respond
    server.respond = lambda question: (
        TROUBLE[name] if "/finance/chart/" in question.path else ordinary(question)
    )
    with pytest.raises(
        ProviderUnavailable, match=r"Yahoo \(yfinance\) gave no usable answer .*asked 3 times"
    ):
        provider.history("ACME", "1d", "2024-01-01", "2024-12-31")


def test_too_many_requests_is_an_error_of_its_own_with_the_wait(server, provider):
    ordinary = server.respond
    server.respond = lambda question: (
        Answer(status=429, headers={"Retry-After": "900"})
        if "/finance/chart/" in question.path
        else ordinary(question)
    )
    with pytest.raises(RateLimited, match="Try again in 15 minutes") as caught:
        provider.history("ACME", "1d", "2024-01-01", "2024-12-31")
    assert caught.value.seconds == 900.0


def test_an_answer_of_another_form_is_an_error_and_no_crash(server, provider):
    ordinary = server.respond
    broken = chart("ACME", [opening(DAYS[0])], ROWS[:1])
    del broken["chart"]["result"][0]["meta"]["instrumentType"]
    server.respond = lambda question: (
        Answer(broken) if "period1" in question.parameters else ordinary(question)
    )
    with pytest.raises(ProviderUnavailable, match="in a form that cannot be read"):
        provider.history("ACME", "1d", "2024-01-01", "2024-12-31")


def test_a_correction_of_the_past_is_seen_by_the_same_process(server, provider):
    before = provider.history("ACME", "1d", "2024-01-01", "2024-12-31")
    server.respond = daily(adjusted=[25.0, 25.5, 103.0])
    after = provider.history("ACME", "1d", "2024-01-01", "2024-12-31")
    assert after.close[0] == before.close[0] / 2


def test_each_request_for_prices_keeps_the_pace(server, provider, monkeypatch):
    taken = []
    monkeypatch.setattr(
        "marketdata.providers.limiter.Limiter.take", lambda self, patience: taken.append(self.name) or 0.0
    )
    provider.history("ACME", "1d", "2024-01-01", "2024-12-31")
    assert taken == ["yfinance"] * len(server.asked("/finance/chart/"))


def test_the_library_notes_its_cookies_in_the_labs_folder(server, provider, own_folder, monkeypatch):
    from yfinance import cache

    chosen = []
    monkeypatch.setattr(cache, "set_cache_location", chosen.append)
    monkeypatch.setattr("yfinance.set_tz_cache_location", chosen.append)
    provider.history("ACME", "1d", "2024-01-01", "2024-12-31")
    assert chosen == [str(own_folder / "rates" / "yfinance")]


def test_without_the_package_the_message_holds_the_command(monkeypatch):
    monkeypatch.setattr("marketdata.providers.base.is_installed", lambda package: False)
    with pytest.raises(MissingExtra, match=r'python -m pip install "yfinance==1.7.0"'):
        YFinanceProvider().history("ACME", "1d")

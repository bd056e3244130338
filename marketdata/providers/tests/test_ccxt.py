"""Crypto exchanges through ccxt, whose requests go to a server on this machine that answers as the exchanges do."""

import re

import numpy as np
import pytest

from marketdata.errors import MissingExtra, ProviderError, ProviderUnavailable, RateLimited
from marketdata.providers import CcxtProvider
from marketdata.providers import ccxt_exchanges as module
from marketdata.providers.tests.conftest import quick
from marketdata.providers.tests.server import TROUBLE, Answer

HOUR = 3_600_000
FIRST = 1_704_067_200_000  # 2024-01-01T00:00Z

BTCUSDT = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "baseAssetPrecision": 8,
    "quoteAsset": "USDT", "quotePrecision": 8, "quoteAssetPrecision": 8, "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": True, "permissions": ["SPOT", "MARGIN"], "permissionSets": [["SPOT", "MARGIN"]],
    "orderTypes": ["LIMIT", "MARKET"], "icebergAllowed": True, "ocoAllowed": True,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0", "stepSize": "0.00001"},
    ],
}  # fmt: skip


def kline(time, price, step=HOUR):
    """One candle as Binance writes it: prices as text, twelve fields."""
    return [
        time, f"{price:.2f}", f"{price + 2:.2f}", f"{price - 1:.2f}", f"{price + 1:.2f}", "12.5",
        time + step - 1, "1250.0", 100, "6.2", "620.0", "0",
    ]  # fmt: skip


class Binance:
    """Candles from `first` to `last`, at most 1,000 an answer; nothing before the first listing."""

    def __init__(self, first=FIRST, count=2500, step=HOUR):
        self.times = [first + row * step for row in range(count)]
        self.step = step

    def __call__(self, question):
        if "exchangeInfo" in question.path:
            spot = "api.binance.com" in question.path
            limits = [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 1200}
            ]
            return Answer(
                {"timezone": "UTC", "serverTime": FIRST, "rateLimits": limits, "exchangeFilters": [],
                 "symbols": [BTCUSDT] if spot else []}
            )  # fmt: skip
        assert question.parameters["symbol"] == "BTCUSDT"
        since, limit = int(question.parameters["startTime"]), int(question.parameters["limit"])
        rows = [time for time in self.times if time >= since][:limit]
        return Answer([kline(time, 100 + time % 7, self.step) for time in rows])


def reroute(server):
    """Have an exchange ask the server instead of its own hosts, which stay visible in the path."""

    def prepare(exchange):
        api = exchange.urls["api"]
        for name, address in api.items():
            if isinstance(address, str):
                api[name] = re.sub(r"^https?://", f"{server.url}/", address)

    return prepare


@pytest.fixture
def server(serve):
    return serve(Binance())


@pytest.fixture
def provider(server, monkeypatch):
    monkeypatch.setattr(
        module, "SLOWEST_RATE_SECONDS", 0.0
    )  # and so no rate limit: a minimum of 0.05 s stays out
    monkeypatch.setattr("marketdata.providers.limiter.Limiter.take", lambda self, patience: 0.0)
    return quick(CcxtProvider(prepare=reroute(server)))


def test_candles_come_page_by_page_and_whole(server, provider):
    bars = provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-03-31")
    assert len(bars) == 31 * 24 + 29 * 24 + 31 * 24
    assert bars.time[0] == np.datetime64("2024-01-01T00:00")
    assert bars.time[-1] == np.datetime64("2024-03-31T23:00")
    assert np.all(np.diff(bars.time) == np.timedelta64(1, "h"))
    # 2024-01-01T00:00 is 1704067200000 ms, 1704067200000 % 7 = 4.
    first = [float(getattr(bars, name)[0]) for name in ("open", "high", "low", "close", "volume")]
    assert first == [104.0, 106.0, 103.0, 105.0, 12.5]
    asked = server.asked("klines")
    assert [question.parameters["limit"] for question in asked] == ["1000"] * 3
    assert [int(question.parameters["startTime"]) for question in asked] == [
        FIRST, FIRST + 1000 * HOUR, FIRST + 2000 * HOUR,
    ]  # fmt: skip


def test_a_start_before_the_first_listing_is_noted(server, provider):
    bars = provider.history("binance:BTC/USDT", "1h", "2023-06-01", "2024-01-02")
    assert bars.time[0] == np.datetime64("2024-01-01")
    assert provider.notes == ("binance gives nothing before 2024-01-01T00:00.",)


def test_a_time_without_candles_is_passed_over(server, provider):
    hole = Binance(count=2500)
    hole.times = [time for time in hole.times if not FIRST + 100 * HOUR <= time < FIRST + 1500 * HOUR]

    def respond(question):
        if "klines" not in question.path:
            return hole(question)
        # Like exchanges that answer for the asked stretch only, and give nothing in the hole.
        since = int(question.parameters["startTime"])
        until = since + int(question.parameters["limit"]) * HOUR
        return Answer([kline(time, 100) for time in hole.times if since <= time < until])

    server.respond = respond
    bars = provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-03-31")
    assert len(bars) == 784 + 1400 - 2 * 700  # of 2,184 hours the 1,400 of the hole are missing


def test_the_candle_that_is_still_open_is_left_out(server, provider):
    now = int(np.datetime64("now", "ms").astype(np.int64))
    this_hour = now - now % HOUR
    server.respond = Binance(first=this_hour - 5 * HOUR, count=6)
    bars = provider.history("binance:BTC/USDT", "1h")
    assert bars.time[-1] == np.datetime64(this_hour - HOUR, "ms")
    assert len(bars) == 5


def test_kraken_gives_its_newest_candles_whatever_was_asked_for(serve, monkeypatch):
    """Its answers hold at most 720 candles, the newest, in a shape of their own, the last one still open."""
    now = int(np.datetime64("now", "s").astype(np.int64))
    today = now - now % 86_400
    rows = [
        [today - days * 86_400, "42280.7", "44200.0", "42180.0", "44187.3", "43500.1", "1234.56", 4321]
        for days in range(719, -1, -1)
    ]
    pair = {
        "altname": "XBTUSD", "wsname": "XBT/USD", "aclass_base": "currency", "base": "XXBT",
        "aclass_quote": "currency", "quote": "ZUSD", "lot": "unit", "cost_decimals": 5, "pair_decimals": 1,
        "lot_decimals": 8, "lot_multiplier": 1, "leverage_buy": [2], "leverage_sell": [2],
        "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]], "fee_volume_currency": "ZUSD", "margin_call": 80,
        "margin_stop": 40, "ordermin": "0.00005", "costmin": "0.5", "tick_size": "0.1", "status": "online",
    }  # fmt: skip
    coin = {"aclass": "currency", "decimals": 10, "display_decimals": 5, "status": "enabled"}
    assets = {"XXBT": {**coin, "altname": "XBT"}, "ZUSD": {**coin, "altname": "USD", "decimals": 4}}

    def respond(question):
        if question.path.endswith("/AssetPairs"):
            return Answer({"error": [], "result": {"XXBTZUSD": pair}})
        if question.path.endswith("/Assets"):
            return Answer({"error": [], "result": assets})
        assert question.path.endswith("/OHLC"), question.path
        if question.parameters["pair"] != "XXBTZUSD":
            return Answer({"error": ["EQuery:Unknown asset pair"]})
        return Answer({"error": [], "result": {"XXBTZUSD": rows, "last": rows[-2][0]}})

    server = serve(respond)
    monkeypatch.setattr("marketdata.providers.limiter.Limiter.take", lambda self, patience: 0.0)
    provider = quick(CcxtProvider(prepare=reroute(server)))
    bars = provider.history("kraken:BTC/USD", "1d", "2020-01-01")
    assert len(bars) == 719
    assert bars.time[-1] == np.datetime64(today - 86_400, "s")
    assert bars.close[0] == 44187.3
    assert bars.volume[0] == 1234.56
    assert provider.notes[0].startswith("kraken gives nothing before")


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        ("BTC/USDT", "names no exchange. Write exchange and market"),
        (":BTC/USDT", "names no exchange"),
        ("binanze:BTC/USDT", "There is no exchange 'binanze'. Did you mean 'binance'"),
        ("__init__:BTC/USDT", "There is no exchange"),
        ("binance:BTC/USDX", "has no market 'BTC/USDX'. Did you mean 'BTC/USDT'"),
    ],
)
def test_a_symbol_that_is_none_is_an_error_that_says_why(provider, symbol, message):
    with pytest.raises(ProviderError, match=re.escape(message)[:60]) as caught:
        provider.history(symbol, "1h", "2024-01-01", "2024-01-02")
    assert "symbol" in caught.value.fields


def test_a_timeframe_that_the_exchange_does_not_have_lists_those_it_has(provider):
    class Exchange:
        has = {"fetchOHLCV": True}
        timeframes = dict.fromkeys(["1m", "5m", "15m", "30m", "1h", "6h", "1d"])

    with pytest.raises(ProviderError, match=r"coinbase has no candles of 4h\. It has 1m, 5m, 15m, 1h, 1d\."):
        provider._require(Exchange, "coinbase", "BTC/USD", "4h")


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_that_passes_is_survived(server, provider, name):
    server.first = [TROUBLE[name], TROUBLE[name]]
    assert len(provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-01-01")) == 24


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("server error", "exchange not available"),
        ("reset", "."),
        ("cut short", "."),
        ("no JSON", "not JSON"),
        ("a web page", "a web page instead of data"),
    ],
)
def test_trouble_that_stays_is_named(server, provider, name, reason):
    server.respond = lambda question: TROUBLE[name]
    with pytest.raises(ProviderUnavailable, match=f"binance gave no usable answer .*{reason}.*asked 3 times"):
        provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-01-01")
    assert len(server.questions) == 3


def test_too_many_requests_is_an_error_of_its_own_with_the_wait(server, provider):
    binance = Binance()

    def respond(question):
        if "klines" in question.path:
            return Answer(
                {"code": -1003, "msg": "Too many requests."}, status=429, headers={"Retry-After": "600"}
            )
        return binance(question)

    server.respond = respond
    with pytest.raises(RateLimited, match="Try again in 10 minutes") as caught:
        provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-01-01")
    assert caught.value.seconds == 600.0
    assert len(server.asked("klines")) == 1


def test_an_error_of_the_exchange_is_told_without_its_address(server, provider):
    binance = Binance()

    def respond(question):
        if "klines" in question.path:
            return Answer({"code": -1100, "msg": "Illegal characters found in parameter."}, status=400)
        return binance(question)

    server.respond = respond
    with pytest.raises(ProviderError, match="Illegal characters") as caught:
        provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-01-01")
    assert "http" not in caught.value.detail
    assert len(server.asked("klines")) == 1


@pytest.mark.parametrize(
    "row",
    [
        [FIRST, *[10**400] * 5],
        [10**400, "1", "1", "1", "1", "1"],
        [FIRST, "1", {}, "1", "1", "1"],
        [FIRST, "1"],
        [FIRST * 10**6, "1", "1", "1", "1", "1"],
    ],
    ids=["400 digits", "time of 400 digits", "no number", "too short", "beyond the years"],
)
def test_candles_that_cannot_be_read_are_an_error_in_words(server, provider, row):
    binance = Binance()
    server.respond = lambda question: Answer([row]) if "klines" in question.path else binance(question)

    def prepare(exchange):
        reroute(server)(exchange)
        exchange.parse_ohlcv = lambda candle, market=None: candle  # some exchanges of the library do no more

    provider._prepare = prepare
    with pytest.raises(ProviderUnavailable, match="answered"):
        provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-01-01")


def test_who_watches_hears_of_the_progress_and_can_stop_it(server, provider):
    told = []

    def watch(fraction, message):
        told.append((fraction, message))
        if fraction > 0.4:
            raise InterruptedError

    provider.watch(watch)
    with pytest.raises(InterruptedError):
        provider.history("binance:BTC/USDT", "1h", "2024-01-01", "2024-03-31")
    assert "binance: BTC/USDT from 2024-02-11" in told[-1][1]
    assert len(server.asked("klines")) == 1


def test_each_exchange_has_a_limit_of_its_own(server, monkeypatch):
    taken = []
    monkeypatch.setattr(
        "marketdata.providers.limiter.Limiter.take",
        lambda self, patience: taken.append((self.name, self.limit)) or 0.0,
    )
    quick(CcxtProvider(prepare=reroute(server))).history("binance:BTC/USDT", "1h", "2024-01-01", "2024-01-01")
    assert {name for name, _limit in taken} == {"ccxt-binance"}
    assert len(taken) == len(server.questions) > 1


def test_without_the_package_the_message_holds_the_command(monkeypatch):
    monkeypatch.setattr("marketdata.providers.base.is_installed", lambda package: False)
    provider = CcxtProvider()
    assert not provider.available
    with pytest.raises(MissingExtra, match=r'python -m pip install "ccxt'):
        provider.history("binance:BTC/USDT", "1h")

"""Candles of crypto exchanges through the optional package ccxt: every exchange that it knows."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from algotrade.errors import nearest, shown
from marketdata.bars import Bars
from marketdata.errors import ProviderError, ProviderUnavailable
from marketdata.providers.base import Capabilities, Provider, RateLimit, closed_bars, utc_now
from marketdata.providers.courtesy import Courtesy, Patience, Refused, retry_after
from marketdata.providers.limiter import Limiter
from marketdata.providers.registry import register
from marketdata.providers.rows import bars_from_columns, join, period

FIRST_DAYS = {"1m": 7, "5m": 30, "15m": 90, "1h": 730, "4h": 1460}
"""How far back a history goes when no start is asked for; daily and longer ones begin in 2010."""

USUAL_PAGE = 500
LARGEST_PAGE = 1000
SLOWEST_RATE_SECONDS = 60.0


@register
class CcxtProvider(Provider):
    """Pages through an exchange's candles, oldest first.

    Parameters
    ----------
    prepare : callable, optional
        Called with each exchange object before it is asked for the first time, to set what the environment needs
        (another address, a proxy).
    """

    key = "ccxt"
    label = "Crypto exchanges (ccxt)"
    summary = "Candles of over a hundred crypto exchanges, as traded; no key needed."
    capabilities = Capabilities(
        timeframes=("1m", "5m", "15m", "1h", "4h", "1d", "1w"),
        needs_network=True,
        adjusted=False,
        any_symbol=True,
        extra="ccxt",
        calendar="24/7",
        symbol_help="Exchange, colon, market: binance:BTC/USDT, kraken:ETH/EUR.",
    )
    patience = Patience()

    def __init__(self, prepare: Callable[[Any], None] | None = None) -> None:
        self._prepare = prepare

    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Ask page by page for `symbol`, an exchange and one of its markets with a colon between."""
        self.begin(timeframe)
        ccxt = importlib.import_module("ccxt")
        name, market = _split(symbol)
        now = utc_now()
        days = FIRST_DAYS.get(timeframe)
        first = now - np.timedelta64(days, "D") if days else np.datetime64("2010-01-01")
        begin, finish = period(timeframe, start, end, now=now, first=first)
        exchange = self._open(ccxt, name)
        with _translated(ccxt, exchange, name, market):
            self.tell(0.0, f"{name}: looking for {market}")
            exchange.load_markets()
            self._require(exchange, name, market, timeframe)
            bars = self._pages(exchange, name, market, timeframe, begin, finish)
        bars = closed_bars(bars, timeframe, now).slice(begin, finish)
        if start is not None and len(bars) and bars.time[0] - begin > np.timedelta64(7, "D"):
            self.note(f"{name} gives nothing before {str(bars.time[0])[:16]}.")
        return bars

    def _open(self, ccxt: Any, name: str) -> Any:
        if name not in ccxt.exchanges:
            message = f"There is no exchange {shown(name)}. {nearest(name, ccxt.exchanges)}"
            raise ProviderError(message, fields={"symbol": [message]})
        exchange = getattr(ccxt, name)(
            {"enableRateLimit": False, "timeout": int(self.patience.timeout_seconds * 1000)}
        )
        if self._prepare is not None:
            self._prepare(exchange)
        self._make_polite(ccxt, exchange, name)
        return exchange

    def _make_polite(self, ccxt: Any, exchange: Any, name: str) -> None:
        """Have each request of the library, whatever it is for, keep the exchange's pace and be tried again."""
        seconds = min(max(float(exchange.rateLimit or 1000) / 1000.0, 0.05), SLOWEST_RATE_SECONDS)
        courtesy = Courtesy(
            name,
            Limiter(f"ccxt-{name}", RateLimit(1, seconds)),
            self.patience,
            tell=lambda message: self.tell(0.0, message),
        )
        plain = exchange.fetch

        def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            exchange.last_response_headers = None
            return courtesy.ask(lambda: _attempt(ccxt, exchange, plain, url, method, headers, body))

        exchange.fetch = fetch

    def _require(self, exchange: Any, name: str, market: str, timeframe: str) -> None:
        if not exchange.has.get("fetchOHLCV"):
            message = f"{name} offers no candles. Choose another exchange."
            raise ProviderError(message, fields={"symbol": [message]})
        offered = exchange.timeframes or {}
        if timeframe not in offered:
            listed = ", ".join(item for item in self.capabilities.timeframes if item in offered)
            message = f"{name} has no candles of {timeframe}. It has {listed or 'none that the lab knows'}."
            raise ProviderError(message, fields={"timeframe": [message]})
        exchange.market(market)  # BadSymbol when there is none

    def _pages(
        self,
        exchange: Any,
        name: str,
        market: str,
        timeframe: str,
        begin: np.datetime64,
        finish: np.datetime64,
    ) -> Bars:
        first, last = _milliseconds(begin), _milliseconds(finish)
        step = int(exchange.parse_timeframe(timeframe)) * 1000
        size = _page_size(exchange, market)
        parts: list[Bars] = []
        since = first
        while since <= last:
            done = (since - first) / max(1, last - first)
            self.tell(done, f"{name}: {market} from {np.datetime64(since, 'ms').astype('datetime64[D]')}")
            page = exchange.fetch_ohlcv(market, timeframe, since, size)
            rows = np.array([_row(row) for row in page or () if row[0] is not None and row[0] >= since])
            if not len(rows):  # before the first listing, or a time without trades
                since += size * step
                continue
            parts.append(_bars(rows, self.note))
            since = max(int(rows[:, 0].max()) + step, since + step)
        return join(parts)


@contextlib.contextmanager
def _translated(ccxt: Any, exchange: Any, name: str, market: str) -> Iterator[None]:
    """Say in the lab's errors what the library refuses, and what it or the lab cannot read."""
    try:
        yield
    except ccxt.BadSymbol:
        known = nearest(market, exchange.symbols or [])
        message = f"{name} has no market {shown(market)}. {known if len(known) < 200 else ''}".strip()
        raise ProviderError(message, fields={"symbol": [message]}) from None
    except ccxt.BaseError as error:
        message = f"{name} refuses {shown(market)} ({type(error).__name__}: {_plain(error)})."
        raise ProviderError(message, fields={"symbol": [message]}) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ProviderUnavailable(
            f"{name} answered in a form that cannot be read ({type(error).__name__}). Try again later."
        ) from error


def _attempt(
    ccxt: Any, exchange: Any, plain: Callable[..., Any], url: str, method: str, headers: Any, body: Any
) -> Any:
    try:
        answer = plain(url, method, headers, body)
    except (ccxt.RateLimitExceeded, ccxt.DDoSProtection):
        raise Refused("too many requests", limited=True, wait=_wait(exchange)) from None
    except (ccxt.RequestTimeout, ccxt.OnMaintenance, ccxt.ExchangeNotAvailable) as error:
        raise Refused(_kind(error), wait=_wait(exchange)) from None
    except ccxt.NetworkError as error:
        raise Refused(_kind(error)) from None
    except OSError as error:  # the library lets some errors of its own HTTP client through
        raise Refused(
            "the connection broke" if "Connection" in type(error).__name__ else "cut short"
        ) from None
    if isinstance(answer, str):  # what is no JSON comes back as text
        page = answer.lstrip()[:1] == "<"
        raise Refused("a web page instead of data" if page else "an answer that is not JSON")
    return answer


def _wait(exchange: Any) -> float | None:
    headers = exchange.last_response_headers or {}
    return retry_after(headers.get("Retry-After"))


def _kind(error: Exception) -> str:
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
    return words.replace("request timeout", "no answer in time")


def _plain(error: Exception) -> str:
    """What the exchange says, without the address that was asked."""
    text = re.sub(r"https?://\S+", "", re.sub(r"\s+", " ", str(error))).strip()
    return text if len(text) <= 200 else f"{text[:200]}..."


def _split(symbol: str) -> tuple[str, str]:
    name, colon, market = symbol.strip().partition(":")
    if not colon or not name or not market:
        message = f"{shown(symbol)} names no exchange. Write exchange and market, like binance:BTC/USDT."
        raise ProviderError(message, fields={"symbol": [message]})
    return name.strip().lower(), market.strip()


def _page_size(exchange: Any, market: str) -> int:
    try:
        limit = exchange.feature_value(market, "fetchOHLCV", "limit", USUAL_PAGE)
    except Exception:  # not every exchange describes itself
        limit = USUAL_PAGE
    return min(int(limit or USUAL_PAGE), LARGEST_PAGE)


def _row(row: Any) -> list[float]:
    return [float("nan") if value is None else float(value) for value in row[:6]]


def _bars(rows: np.ndarray[Any, np.dtype[np.float64]], note: Callable[[str], None]) -> Bars:
    time = rows[:, 0].astype(np.int64).astype("datetime64[ms]")
    return bars_from_columns(time, *(rows[:, column] for column in range(1, 6)), note=note)


def _milliseconds(moment: np.datetime64) -> int:
    return int(moment.astype("datetime64[ms]").astype(np.int64))

"""Yahoo's prices through the optional package yfinance: stocks, funds, indices, currencies and coins."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from algotrade.errors import LabError, shown
from marketdata.bars import TIME_TYPE, Bars
from marketdata.errors import ProviderError, ProviderUnavailable, RateLimited
from marketdata.providers.base import Capabilities, Provider, RateLimit, closed_bars, utc_now
from marketdata.providers.courtesy import Courtesy, Patience, Refused
from marketdata.providers.http import parse, refusal
from marketdata.providers.limiter import Limiter, shared_folder
from marketdata.providers.registry import register
from marketdata.providers.rows import NO_BARS, bars_from_columns, join, period, week_of
from marketdata.timeframes import get_timeframe

INTERVALS = {"1m": "1m", "5m": "5m", "15m": "15m", "1h": "1h", "1d": "1d", "1w": "1wk"}
CHART = "/v8/finance/chart/"
SYMBOL = r"[A-Za-z0-9^][A-Za-z0-9.^=&_-]{0,39}"
DAY = np.timedelta64(1, "D")


@register
class YFinanceProvider(Provider):
    """Asks for adjusted prices through yfinance, over a session that keeps the pace and tries again.

    Parameters
    ----------
    reroute : callable, optional
        Turns the address of each request into the one that is really asked (a mirror, a proxy of one's own).
    """

    key = "yfinance"
    label = "Yahoo (yfinance)"
    summary = (
        "Stocks, funds, indices, currencies and coins, adjusted for splits and dividends; no key needed."
    )
    capabilities = Capabilities(
        timeframes=tuple(INTERVALS),
        needs_network=True,
        adjusted=True,
        any_symbol=True,
        span_days={"1m": 7, "5m": 59, "15m": 59},
        reach_days={"1m": 29, "5m": 59, "15m": 59, "1h": 729},
        rate_limit=RateLimit(30, 60.0),
        extra="yfinance",
        symbol_help="As Yahoo writes it: AAPL, SAP.DE, ^GSPC, EURUSD=X, BTC-USD.",
    )
    patience = Patience()

    def __init__(self, reroute: Callable[[str], str] | None = None) -> None:
        self._reroute = reroute

    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Ask for the period, in several requests where Yahoo answers for a few days at a time only."""
        self.begin(timeframe)
        symbol = symbol.strip()
        if not re.fullmatch(SYMBOL, symbol):
            message = f"{shown(symbol)} is not a symbol. {self.capabilities.symbol_help}"
            raise ProviderError(message, fields={"symbol": [message]})
        now = utc_now()
        begin, finish = self._within_reach(timeframe, start, end, now)
        with _quiet(), _translated(self.label, symbol):
            ticker = self._ticker(symbol)
            parts = [
                self._part(ticker, timeframe, first, after)
                for first, after in self._spans(timeframe, symbol, begin, finish)
            ]
        return closed_bars(join(parts), timeframe, now).slice(begin if start is None else start, finish)

    def _within_reach(
        self, timeframe: str, start: Any, end: Any, now: np.datetime64
    ) -> tuple[np.datetime64, np.datetime64]:
        days = self.capabilities.reach_days.get(timeframe)
        reach = now - days * DAY if days else np.datetime64("1950-01-01")
        begin, finish = period(timeframe, start, end, now=now, first=reach)
        if timeframe == "1w":
            begin = week_of(np.array([begin]))[0].astype(TIME_TYPE)
        if begin < reach:
            if days:
                self.note(f"Yahoo keeps bars of {timeframe} for {days} days; nothing before was asked for.")
            begin = reach.astype(TIME_TYPE)
        return begin, finish

    def _spans(
        self, timeframe: str, symbol: str, begin: np.datetime64, finish: np.datetime64
    ) -> list[tuple[np.datetime64, np.datetime64]]:
        days = self.capabilities.span_days.get(timeframe)
        length = np.timedelta64(days, "D") if days else max(finish - begin + DAY, DAY)
        spans = []
        first = begin
        while first <= finish:
            spans.append((first, min(first + length, finish + DAY)))
            first = first + length
        self.tell(0.05, f"{self.label}: asking for {symbol} in {len(spans)} requests")
        return spans

    def _ticker(self, symbol: str) -> Any:
        yfinance = importlib.import_module("yfinance")
        _use_folder(yfinance, shared_folder() / "yfinance")
        yfinance.config.debug.hide_exceptions = False
        courtesy = Courtesy(
            self.label,
            Limiter(self.key, self.capabilities.rate_limit),
            self.patience,
            tell=lambda message: self.tell(0.0, message),
        )
        ticker = yfinance.Ticker(symbol, session=_session(courtesy, self._reroute))
        # The library keeps answers about the past for the life of the process; corrections would never be seen.
        ticker._data.cache_get.cache_clear()
        return ticker

    def _part(self, ticker: Any, timeframe: str, first: np.datetime64, after: np.datetime64) -> Bars:
        """Ask for the bars from `first` to before `after`."""
        self.tell(0.1, f"{self.label}: {ticker.ticker} from {first.astype('datetime64[D]')}")
        unit = "s" if get_timeframe(timeframe).is_intraday else "D"
        start, end = (moment.astype(f"datetime64[{unit}]").item() for moment in (first, after))
        if unit == "s":  # the library takes a time without a zone for one of the exchange
            start, end = start.replace(tzinfo=dt.UTC), end.replace(tzinfo=dt.UTC)
        try:
            frame = ticker.history(
                interval=INTERVALS[timeframe],
                start=start,
                end=end,
                auto_adjust=True,
                actions=False,
                prepost=False,
                keepna=True,
                timeout=self.patience.timeout_seconds,
            )
        except LabError:
            raise
        except Exception as error:
            if _is_empty_period(error):
                return NO_BARS
            raise
        if not len(frame):
            return NO_BARS
        return self._bars(frame, timeframe)

    def _bars(self, frame: Any, timeframe: str) -> Bars:
        index = frame.index
        if get_timeframe(timeframe).is_intraday:
            time = index.tz_convert("UTC").tz_localize(None).to_numpy()
        else:  # named by the date of the session where it is traded
            time = index.tz_localize(None).normalize().to_numpy()
            time = week_of(time) if timeframe == "1w" else time
        columns = {
            name: frame[name.capitalize()].to_numpy(dtype=np.float64)
            for name in ("open", "high", "low", "close", "volume")
        }
        return bars_from_columns(time.astype(TIME_TYPE), **columns, note=self.note)


def _session(courtesy: Courtesy, reroute: Callable[[str], str] | None) -> Any:
    """A session of the kind that yfinance prefers, whose requests for prices go through `courtesy`.

    Its requests for cookies and crumbs are made once: the library does without them when they fail.
    """
    base, options = _backend()

    def request(session: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        target = reroute(url) if reroute else url
        kwargs["timeout"] = courtesy.patience.timeout_seconds
        if CHART not in url:
            return base.request(session, method, target, *args, **kwargs)
        return courtesy.ask(lambda: _answered(base.request, session, method, target, *args, **kwargs))

    session = type("PoliteSession", (base,), {"request": request})(**options)
    if not options:
        session.headers["User-Agent"] = (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131 Safari/537.36"
        )
    return session


def _backend() -> tuple[Any, dict[str, str]]:
    try:
        return importlib.import_module("curl_cffi.requests").Session, {"impersonate": "chrome"}
    except ImportError:
        return importlib.import_module("requests").Session, {}


def _answered(plain: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        response = plain(*args, **kwargs)
    except OSError as error:  # what either of the two HTTP clients raises
        name = type(error).__name__
        raise Refused(
            "no answer in time" if "Timeout" in name else f"the connection broke ({name})"
        ) from None
    if response.status_code in {408, 425, 429} or response.status_code >= 500:
        raise refusal(response.status_code, response.headers.get("Retry-After"), "Yahoo")
    if response.status_code == 200:
        parse(response.content)
    return response


@contextlib.contextmanager
def _translated(label: str, symbol: str) -> Iterator[None]:
    """Say in the lab's errors what went wrong inside the library."""
    exceptions = importlib.import_module("yfinance.exceptions")
    try:
        yield
    except LabError:
        raise
    except exceptions.YFRateLimitError:
        raise RateLimited(f"{label} wants to be asked less often. Try again later.", seconds=None) from None
    except exceptions.YFTickerMissingError as error:
        message = f"{label} has nothing for {shown(symbol)}: {str(error.rationale)[:200]}"
        raise ProviderError(message, fields={"symbol": [message]}) from None
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status == 404:
            message = f"{label} does not know {shown(symbol)}. Check the symbol."
            raise ProviderError(message, fields={"symbol": [message]}) from None
        raise ProviderUnavailable(
            f"{label} answered in a form that cannot be read ({type(error).__name__}). Try again later."
        ) from error


def _is_empty_period(error: Exception) -> bool:
    """Whether the library says that it knows the symbol, and only the period holds nothing."""
    exceptions = importlib.import_module("yfinance.exceptions")
    if not isinstance(error, exceptions.YFPricesMissingError):
        return False
    reason: str | None = error.yahoo_reason
    return reason is None or reason.startswith("Data doesn't exist")


_folder_lock = threading.Lock()
_folder: Path | None = None


def _use_folder(yfinance: Any, folder: Path) -> None:
    """Keep the library's notes of cookies and time zones with the lab's, not in somebody's home."""
    global _folder
    with _folder_lock, contextlib.suppress(OSError):
        if folder != _folder:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            yfinance.set_tz_cache_location(str(folder))
            _folder = folder


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The library logs each failure that it raises as well."""
    logger = logging.getLogger("yfinance")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)

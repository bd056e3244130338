"""Alpha Vantage, and whoever answers in its format: JSON over HTTPS, with a key of the user's own."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from marketdata.errors import ProviderError, ProviderUnavailable
from marketdata.providers.base import Capabilities, Provider, RateLimit, closed_bars, utc_now
from marketdata.providers.courtesy import Courtesy, Patience, Refused
from marketdata.providers.http import fetch_json
from marketdata.providers.limiter import Limiter
from marketdata.providers.registry import register
from marketdata.providers.rows import bars_from_columns, join, period, week_of
from marketdata.reading.times import get_zone

USUAL_URL = "https://www.alphavantage.co"
INTERVALS = {"1m": "1min", "5m": "5min", "15m": "15min", "1h": "60min"}
REACH_DAYS = 366 * 20
COMPACT_DAYS = 120
"""A short answer holds the newest 100 sessions, which this many days never exceed."""

FUNCTIONS = {"1d": "TIME_SERIES_DAILY_ADJUSTED", "1w": "TIME_SERIES_WEEKLY_ADJUSTED"}
OFTEN = re.compile(r"rate limit|per minute|per second|per day|call frequency|spread(ing)? out", re.IGNORECASE)
A_DAY = re.compile(r"(per|a) day", re.IGNORECASE)


@register
class AlphaVantageProvider(Provider):
    """Time series in Alpha Vantage's JSON. The address and the key come from the environment."""

    key = "alphavantage"
    label = "Alpha Vantage"
    summary = "Stocks and funds as JSON, adjusted for splits and dividends; needs a key of your own."
    capabilities = Capabilities(
        timeframes=("1m", "5m", "15m", "1h", "1d", "1w"),
        needs_network=True,
        adjusted=True,
        any_symbol=True,
        span_days={"1m": 31, "5m": 31, "15m": 31, "1h": 31},
        reach_days={"1m": REACH_DAYS, "5m": REACH_DAYS, "15m": REACH_DAYS, "1h": REACH_DAYS},
        rate_limit=RateLimit(5, 60.0),
        needs_key="ALPHAVANTAGE_API_KEY",
        symbol_help="As the service writes it: IBM, TSCO.LON, SHOP.TRT.",
    )
    patience = Patience()

    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Ask for a whole daily or weekly history, or month by month for shorter bars."""
        self.begin(timeframe)
        now = utc_now()
        if timeframe in INTERVALS:
            begin, finish = period(timeframe, start, end, now=now, first=now - np.timedelta64(30, "D"))
            bars = self._months(symbol, timeframe, begin, finish)
        else:
            begin, finish = period(timeframe, start, end, now=now, first=np.datetime64("1990-01-01"))
            bars = self._whole(symbol, timeframe, begin, now)
        return closed_bars(bars, timeframe, now).slice(begin, finish)

    def _whole(self, symbol: str, timeframe: str, begin: np.datetime64, now: np.datetime64) -> Bars:
        recent = now - begin < np.timedelta64(COMPACT_DAYS, "D")
        size = {"outputsize": "compact" if recent else "full"} if timeframe == "1d" else {}
        self.tell(0.1, f"{self.label}: asking for {symbol}")
        answer = self._ask({"function": FUNCTIONS[timeframe], "symbol": symbol, **size}, symbol)
        return self._bars(answer, timeframe)

    def _months(self, symbol: str, timeframe: str, begin: np.datetime64, finish: np.datetime64) -> Bars:
        reach = utc_now() - np.timedelta64(REACH_DAYS, "D")
        if begin < reach:
            self.note(f"{self.label} reaches back 20 years; nothing before was asked for.")
        # A trading day of New York ends on the next day in UTC, so the months are those of its own days.
        first = (max(begin, reach) - np.timedelta64(1, "D")).astype("datetime64[M]")
        months = np.arange(first, finish.astype("datetime64[M]") + 1)
        parts: list[Bars] = []
        refused: ProviderError | None = None
        for number, month in enumerate(months):
            self.tell(number / len(months), f"{self.label}: asking for {symbol}, {month}")
            parameters = {
                "function": "TIME_SERIES_INTRADAY",
                "symbol": symbol,
                "interval": INTERVALS[timeframe],
                "month": str(month),
                "outputsize": "full",
                "extended_hours": "false",
                "adjusted": "true",
            }
            try:
                parts.append(self._bars(self._ask(parameters, symbol), timeframe))
            except ProviderError as error:  # so it answers to a month before the first listing, too
                refused = error
                self.note(f"{self.label} has nothing for {month}.")
        if refused is not None and not parts:
            raise refused
        return join(parts)

    def _ask(self, parameters: Mapping[str, str], symbol: str) -> dict[str, Any]:
        key = os.environ.get("ALPHAVANTAGE_API_KEY", "").strip()
        base = (os.environ.get("ALPHAVANTAGE_URL", "").strip() or USUAL_URL).rstrip("/")
        courtesy = Courtesy(
            self.label,
            Limiter(f"{self.key}-{base}", self.capabilities.rate_limit),
            self.patience,
            tell=lambda message: self.tell(0.0, message),
        )

        def request() -> dict[str, Any]:
            answer = fetch_json(
                f"{base}/query",
                {**parameters, "apikey": key, "datatype": "json"},
                label=self.label,
                timeout=self.patience.timeout_seconds,
            )
            return self._checked(answer, symbol, key)

        return courtesy.ask(request)

    def _checked(self, answer: Any, symbol: str, key: str) -> dict[str, Any]:
        """Errors and rate limits come with status 200, as a sentence under one of three names."""
        if not isinstance(answer, dict):
            raise Refused("an answer that is no JSON object")
        for name in ("Error Message", "Note", "Information"):
            if name in answer:
                said = _without(str(answer[name]), key)
                if name != "Error Message" and OFTEN.search(said):
                    wait = 86_400.0 if A_DAY.search(said) else 60.0
                    raise Refused(f"it says: {said}", limited=True, wait=wait)
                if name == "Note":
                    raise Refused(f"it says: {said}", limited=True, wait=60.0)
                message = f"{self.label} cannot give {symbol[:40]!r}; it says: {said}"
                raise ProviderError(message, fields={"symbol": [message]})
        return answer

    def _bars(self, answer: dict[str, Any], timeframe: str) -> Bars:
        rows = next((value for name, value in answer.items() if "Time Series" in name), None)
        if not isinstance(rows, dict):
            if not answer:  # what it answers to a symbol it does not know
                raise ProviderError(f"{self.label} answered with nothing. Check the symbol.")
            raise ProviderUnavailable(f"{self.label} answered without a time series, which cannot be read.")
        try:
            time = self._times(list(rows), timeframe, _zone(answer))
            values = {name: _column(rows, name) for name in ("open", "high", "low", "close", "volume")}
            if timeframe not in INTERVALS:
                values = _adjusted(values, _column(rows, "adjusted close"))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ProviderUnavailable(
                f"{self.label} answered in a form that cannot be read ({type(error).__name__})."
            ) from None
        return bars_from_columns(time, **values, note=self.note)

    @staticmethod
    def _times(said: list[str], timeframe: str, zone: ZoneInfo) -> NDArray[np.datetime64]:
        local = np.array(said, dtype="datetime64[s]")
        if timeframe == "1w":  # named by the last trading day of the week
            return week_of(local)
        if timeframe == "1d":
            return local.astype("datetime64[D]")
        return _to_utc(local, zone)


def _without(text: str, key: str) -> str:
    """What the service says may hold the key."""
    text = re.sub(r"\s+", " ", text).strip()
    if key:
        text = text.replace(key, "(your key)")
    return text if len(text) <= 300 else f"{text[:300]}..."


def _zone(answer: Mapping[str, Any]) -> ZoneInfo:
    described = answer.get("Meta Data")
    described = described if isinstance(described, dict) else {}
    said = next((str(value) for name, value in described.items() if "Time Zone" in name), "US/Eastern")
    return get_zone(said)


def _to_utc(local: NDArray[np.datetime64], zone: ZoneInfo) -> NDArray[np.datetime64]:
    """Local times as UTC; of a time that exists twice the first one is meant."""
    moments = [
        moment.replace(tzinfo=zone).astimezone(dt.UTC).replace(tzinfo=None) for moment in local.tolist()
    ]
    return np.array(moments, dtype="datetime64[us]")


def _column(rows: Mapping[str, Mapping[str, str]], name: str) -> NDArray[np.float64]:
    """The numbers under a name like "5. adjusted close", NaN where one is missing."""
    ending = f". {name}"
    label = next((label for label in next(iter(rows.values()), {}) if label.endswith(ending)), None)
    if rows and label is None:
        raise KeyError(name)
    return np.array([float(row.get(label or "", "nan")) for row in rows.values()], dtype=np.float64)


def _adjusted(
    values: dict[str, NDArray[np.float64]], adjusted_close: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Carry the adjustment of the close over to the other prices, and the inverse to the volume."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = adjusted_close / values["close"]
        adjusted = {name: values[name] * factor for name in ("open", "high", "low")}
        return {**adjusted, "close": adjusted_close, "volume": values["volume"] / factor}

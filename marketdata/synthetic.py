"""Seeded bars from known processes, to test a strategy against a truth.

Every generator draws a path of log closes; open, high and low come from a Brownian bridge inside each bar,
so that highs and lows are as far out as the bar's own volatility makes them. The same specification gives the
same bytes.

The random stream knows no clock: bar n of a seed is the same draw on every calendar. The calendar says when the bars
stand, one in each place that it expects (no bar on a holiday, fewer on a day that closes early), and how many make a
year, by which drift and volatility are divided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from marketdata.errors import SyntheticError
from marketdata.sessions import Sessions, Times, sessions_between
from marketdata.timeframes import (
    MINUTES_A_DAY,
    SESSION_MINUTES,
    get_calendar,
    get_timeframe,
    periods_per_year,
)

MAX_BARS = 1_000_000
_LARGEST_LOG = 600.0  # exp(709) is about the largest number; a bar's extremes need room beyond its close
_OPEN = np.timedelta64(870, "m")  # 14:30 UTC, when New York opens in winter
_LAST_DAY = np.datetime64("2259-12-31")  # nanoseconds end soon after

Floats = NDArray[np.float64]

BOUNDS: Mapping[str, tuple[float, float]] = {
    "bars": (2, MAX_BARS),
    "seed": (0, 2**32 - 1),
    "price": (1e-6, 1e9),
    "drift": (-2.0, 2.0),
    "volatility": (0.001, 5.0),
    "half_life": (0.5, 100_000.0),
    "regime_length": (1.0, 1_000_000.0),
}
"""What each number of a specification may be, both ends included."""


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    """What to generate.

    Parameters
    ----------
    process : {"geometric_brownian", "mean_reverting", "regime_switching"}
    bars : int
        Number of bars, 2 to 1,000,000.
    seed : int
        Same seed, same bars.
    start : str
        Date of the first session (2020-01-31), or of the next one when the market is closed; one of futures or foreign
        exchange opens on the evening before.
    timeframe, calendar : str
        See `marketdata.timeframes`.
    price : float
        First open; for the mean-reverting process also the level it returns to.
    drift, volatility : float
        Per year, of the log price (drift is what the expected price grows by). The mean-reverting process
        has no drift; the regime-switching one uses +drift and volatility in calm times, -2 drift and twice the
        volatility in stress.
    half_life : float
        Bars in which the mean-reverting process loses half its distance from the level.
    regime_length : float
        Expected bars until the regime changes.
    """

    process: str = "geometric_brownian"
    bars: int = 2520
    seed: int = 1
    start: str = "2015-01-02"
    timeframe: str = "1d"
    calendar: str = "exchange"
    price: float = 100.0
    drift: float = 0.08
    volatility: float = 0.2
    half_life: float = 20.0
    regime_length: float = 120.0

    def __post_init__(self) -> None:
        problems = {name: [text] for name, text in _problems(self).items()}
        if problems:
            raise SyntheticError(fields=problems)

    @property
    def periods_per_year(self) -> int:
        """Bars in a year of this timeframe and calendar."""
        return periods_per_year(self.timeframe, self.calendar)


DEFAULTS: Mapping[str, Any] = MappingProxyType({field.name: field.default for field in fields(SyntheticSpec)})
"""What is generated where nothing else is asked, by pages and by the API."""


def generate(spec: SyntheticSpec, *, known_only: bool = False) -> Bars:
    """Return the bars that `spec` describes.

    Some calendars know their sessions for a few decades only. Bars beyond are refused with `SyntheticError`, or left
    out with `known_only`.
    """
    rng = np.random.default_rng(spec.seed)
    steps, sigma = PROCESSES[spec.process](spec, rng)
    log_close = np.log(spec.price) + np.cumsum(steps)
    if np.abs(log_close).max() > _LARGEST_LOG:
        message = "The price leaves what a number can hold. Lower the volatility or the number of bars."
        raise SyntheticError(fields={"volatility": [message]})
    time = bar_times(spec.bars, spec.start, spec.timeframe, spec.calendar)
    if len(time) < spec.bars and not known_only:
        raise SyntheticError(fields={"bars": [_beyond_the_calendar(spec, time)]})
    return _bars_around(log_close, sigma, time, spec, rng)


def geometric_brownian(spec: SyntheticSpec, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Independent normal log returns whose expected price grows by `drift` a year."""
    sigma = np.full(spec.bars, spec.volatility / np.sqrt(spec.periods_per_year))
    mean = spec.drift / spec.periods_per_year - 0.5 * sigma**2
    return mean + sigma * rng.standard_normal(spec.bars), sigma


def mean_reverting(spec: SyntheticSpec, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Steps of a log price pulled back to its start: x[t] = phi * x[t-1] + noise, phi = 2^(-1/half_life)."""
    sigma = np.full(spec.bars, spec.volatility / np.sqrt(spec.periods_per_year))
    phi = 0.5 ** (1.0 / spec.half_life)
    noise = sigma * rng.standard_normal(spec.bars)
    distance = np.empty(spec.bars)
    level = 0.0
    for row, shock in enumerate(noise.tolist()):
        level = phi * level + shock
        distance[row] = level
    return np.diff(distance, prepend=0.0), sigma


def regime_switching(spec: SyntheticSpec, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Two regimes, calm and stressed, that change with the same chance on every bar."""
    switches = rng.random(spec.bars) < 1.0 / spec.regime_length
    stressed = np.cumsum(switches) % 2 == 1
    sigma = np.where(stressed, 2.0, 1.0) * spec.volatility / np.sqrt(spec.periods_per_year)
    drift = np.where(stressed, -2.0, 1.0) * spec.drift / spec.periods_per_year
    return drift - 0.5 * sigma**2 + sigma * rng.standard_normal(spec.bars), sigma


PROCESSES: Mapping[str, Callable[[SyntheticSpec, np.random.Generator], tuple[Floats, Floats]]] = (
    MappingProxyType(
        {
            "geometric_brownian": geometric_brownian,
            "mean_reverting": mean_reverting,
            "regime_switching": regime_switching,
        }
    )
)


def bar_times(count: int, start: str, timeframe: str, calendar: str) -> Times:
    """Return the first `count` times at which bars stand from `start` on, datetime64[ns] UTC, oldest first.

    They are the places that the calendar expects to be filled, so that the quality report finds nothing missing and
    nothing outside: daily bars bear the date of each session, weekly ones the Monday of each week that holds a
    session, shorter ones count from the open and anew after a lunch break. The generic exchange knows no sessions:
    it trades from Monday to Friday, 14:30 to 21:00 UTC.

    There are fewer than `count` where the calendar does not know its sessions, none when it does not at `start`.
    """
    span = get_timeframe(timeframe)
    first = np.datetime64(start, "D")
    if span.minutes > MINUTES_A_DAY:
        first = _mondays(first)
    days = int(count / periods_per_year(timeframe, calendar) * 370) + 10
    while True:
        last = min(first + days, _LAST_DAY)
        sessions = _sessions_from(calendar, first, last)
        time = _places(sessions, span.minutes)
        if len(time) >= count or last >= _LAST_DAY or last > sessions.known_until:
            return time[:count]
        days *= 2


def _sessions_from(calendar: str, first: np.datetime64, last: np.datetime64) -> Sessions:
    """The sessions of the days from `first` to `last`; none when the calendar begins later."""
    found = sessions_between(calendar, first, last)
    if found is None:
        day = np.arange(first, last + 1)
        day = day[np.is_busday(day)]
        start, no_break = day + _OPEN, np.full(len(day), "NaT", dtype="datetime64[ns]")
        end = start + np.timedelta64(SESSION_MINUTES, "m")
        return Sessions(calendar, day, start, end, no_break, no_break)
    if first < found.known_from:
        return found.rows(0, 0)
    return found.rows(*np.searchsorted(found.day, [first, last + 1]).tolist())


def _places(sessions: Sessions, minutes: int) -> Times:
    """The time of each bar of whole sessions, datetime64[ns]."""
    if minutes > MINUTES_A_DAY:
        return np.unique(_mondays(sessions.day)).astype("datetime64[ns]")
    if minutes == MINUTES_A_DAY:
        return sessions.day.astype("datetime64[ns]")
    step = np.timedelta64(minutes, "m").astype("timedelta64[ns]")
    start, end, _row = sessions.stretches()
    sizes = -((start - end) // step)
    before = np.cumsum(sizes) - sizes
    found: Times = np.repeat(start - before * step, sizes) + np.arange(sizes.sum()) * step
    return found.astype("datetime64[ns]")


def _mondays(days: Any) -> Any:
    """The Monday of each day's week; 1970-01-01 was a Thursday."""
    return days - (days.astype(np.int64) + 3) % 7


def _bars_around(
    log_close: Floats, sigma: Floats, time: Times, spec: SyntheticSpec, rng: np.random.Generator
) -> Bars:
    """Open each bar a little off the last close and draw its extremes from the bridge between open and close.

    All rows are drawn; those that have a time are returned.

    The maximum of a Brownian bridge from a to b with variance s^2 has the distribution function
    1 - exp(-2(m-a)(m-b)/s^2), which is inverted here; the minimum mirrors it.
    """
    before = np.concatenate(([np.log(spec.price)], log_close[:-1]))
    gap = 0.1 * sigma * rng.standard_normal(spec.bars)
    gap[0] = 0.0
    log_open = before + gap
    middle, half = 0.5 * (log_open + log_close), 0.5 * (log_close - log_open)
    up, down = (-0.5 * sigma**2 * np.log1p(-rng.random(spec.bars)) for _ in range(2))
    high, low = middle + np.sqrt(half**2 + up), middle - np.sqrt(half**2 + down)
    surprise = np.abs(log_close - before) / sigma
    volume = np.round(1_000_000 * np.exp(0.3 * rng.standard_normal(spec.bars)) * (0.6 + 0.5 * surprise))
    open_, close = np.exp(log_open), np.exp(log_close)
    columns = {
        "open": open_,
        "high": np.maximum(np.exp(high), np.maximum(open_, close)),
        "low": np.minimum(np.exp(low), np.minimum(open_, close)),
        "close": close,
        "volume": volume,
    }
    return Bars(time=time, **{name: values[: len(time)] for name, values in columns.items()})


def _problems(spec: SyntheticSpec) -> dict[str, str]:
    found: dict[str, str] = {}
    if spec.process not in PROCESSES:
        found["process"] = f"{spec.process!r} is not a process. Use one of {', '.join(PROCESSES)}."
    get_timeframe(spec.timeframe)
    get_calendar(spec.calendar)
    for field in fields(spec):
        if field.name in BOUNDS:
            value, (low, high) = getattr(spec, field.name), BOUNDS[field.name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                found[field.name] = f"{value!r} is not within {low:g} to {high:g}."
            elif field.type == "int" and not isinstance(value, int):
                found[field.name] = f"{value!r} is not a whole number."
    problem = None if found else _time_problem(spec)
    if problem:
        found["start"] = problem
    return found


def _beyond_the_calendar(spec: SyntheticSpec, time: Times) -> str:
    known = f"{len(time)} of the {spec.bars} bars from {spec.start} on"
    return (
        f"The sessions of {get_calendar(spec.calendar).label} are known for {known}. Choose another first day, fewer "
        "bars or another calendar."
    )


def _time_problem(spec: SyntheticSpec) -> str | None:
    try:
        first = np.datetime64(spec.start, "D")
    except (TypeError, ValueError):
        return f"{str(spec.start)[:40]!r} is not a date. Write it like 2020-01-31."
    years = spec.bars / spec.periods_per_year
    year = first.astype("datetime64[Y]").astype(int) + 1970
    if np.isnat(first) or not year >= 1700 or year + years * 1.05 + 1 > 2200:
        return f"{spec.bars} bars from {spec.start} do not fit between the years 1700 and 2200."
    return None

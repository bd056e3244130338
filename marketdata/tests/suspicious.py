"""Series for the tests of quality: whole ones, and what is done to them."""

import numpy as np

from marketdata.bars import Bars
from marketdata.reading.in_memory import read_bars
from marketdata.reading.layout import Reading
from marketdata.samples import SAMPLES_DIR
from marketdata.sessions import sessions_between
from marketdata.synthetic import SyntheticSpec, generate

NAMES = ("open", "high", "low", "close", "volume")


def without(bars, *rows):
    kept = np.setdiff1d(np.arange(len(bars)), rows)
    return Bars(**{name: getattr(bars, name)[kept] for name in ("time", *NAMES)})


def changed(bars, **columns):
    return Bars(**{name: columns.get(name, getattr(bars, name)) for name in ("time", *NAMES)})


def raw_sample(name):
    return read_bars(SAMPLES_DIR / name, reading=Reading(session_dates=True))


def sessions_of(calendar, first, last):
    return sessions_between(calendar, np.datetime64(first), np.datetime64(last))


def bars_at(time, seed=1):
    """A random walk whose bars bear the given times."""
    time = np.asarray(time, dtype="datetime64[ns]")
    walk = generate(SyntheticSpec(bars=max(len(time), 10), seed=seed, timeframe="1h"))
    return Bars(time=time, **{name: getattr(walk, name)[: len(time)] for name in NAMES})


def daily(calendar, first, last, seed=1):
    return bars_at(sessions_of(calendar, first, last).day, seed)


def intraday(calendar, first, last, minutes, seed=1):
    start, end, _row = sessions_of(calendar, first, last).stretches()
    step = np.timedelta64(minutes, "m")
    return bars_at(np.concatenate([np.arange(*pair, step) for pair in zip(start, end, strict=True)]), seed)


def found(report):
    """How many findings of each kind there are."""
    return {kind: findings.count for kind, findings in report.found.items() if findings.count}


def starts(findings):
    return [str(item.time)[:16] for item in findings]

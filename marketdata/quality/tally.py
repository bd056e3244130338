"""Counting findings while a series passes by in blocks, keeping only those that will be listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.quality.report import LISTED, SEVERITIES, Finding, Findings

Ticks = NDArray[np.int64]


class Tally:
    """All findings of one kind: counted by severity, the `LISTED` weightiest kept with what describes them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.counts = np.zeros(3, dtype=np.int64)
        self.bars = 0
        self._kept: dict[str, NDArray[Any]] = {}

    def add(
        self,
        start: Ticks,
        end: Ticks,
        bars: Ticks,
        severity: Ticks,
        weight: NDArray[Any],
        **more: NDArray[Any],
    ) -> None:
        """Add findings, one item of each array a finding; `more` is handed to `describe` in the end.

        `start` and `end` are nanoseconds since 1970, `severity` 0 to 2; more severe findings outweigh all others.
        """
        if not len(start):
            return
        self.counts += np.bincount(severity, minlength=3)
        self.bars += int(bars.sum())
        new = {"start": start, "end": end, "bars": bars, "severity": severity, "weight": weight, **more}
        if self._kept:
            new = {name: np.concatenate((self._kept[name], values)) for name, values in new.items()}
        if len(new["start"]) > LISTED:
            order = np.lexsort((-new["weight"].astype(np.float64), -new["severity"]))[:LISTED]
            new = {name: values[np.sort(order)] for name, values in new.items()}
        self._kept = new

    def finish(
        self,
        describe: Callable[[dict[str, Any]], str],
        *,
        at_least: int = 0,
        ratio: Callable[[dict[str, Any]], tuple[int, int] | None] | None = None,
    ) -> Findings:
        """Return what was found, in the order of time; nothing gets a severity below `at_least`."""
        for low in range(at_least):
            self.counts[at_least] += self.counts[low]
            self.counts[low] = 0
        items = []
        for row in range(len(self._kept.get("start", ()))):
            values = {name: column[row].item() for name, column in self._kept.items()}
            items.append(
                Finding(
                    kind=self.kind,
                    time=np.datetime64(values["start"], "ns"),
                    end=np.datetime64(values["end"], "ns"),
                    bars=values["bars"],
                    text=describe(values),
                    severity=SEVERITIES[max(values["severity"], at_least)],
                    ratio=None if ratio is None else ratio(values),
                )
            )
        low, middle, high = (int(count) for count in self.counts)
        return Findings(low + middle + high, self.bars, (low, middle, high), tuple(items))


class Runs:
    """Stretches of neighbouring bars of which something is true, found across the blocks they lie in.

    `rows` counts these bars, `count` the stretches of any length that have ended, `longer` those of more than one bar.
    """

    def __init__(self, least: int = 1) -> None:
        self.least = least
        self.rows = self.count = self.longer = 0
        self._open: tuple[int, int] | None = None
        self._last = 0

    def add(
        self, true: NDArray[np.bool_], time: Ticks, begin: Ticks | None = None
    ) -> tuple[Ticks, Ticks, Ticks]:
        """Return (start, end, length) of the runs of at least `least` that ended within this block.

        `begin` is the time that a run starting at a row bears (the row's own when left out). A run that reaches the
        block's last row stays open until the next one.
        """
        begin = time if begin is None else begin
        self.rows += int(np.count_nonzero(true))
        edges = np.diff(np.concatenate(([False], true, [False])).astype(np.int8))
        firsts, afters = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        starts, ends, lengths = begin[firsts], time[afters - 1], afters - firsts
        if self._open is not None:
            since, length = self._open
            if len(firsts) and firsts[0] == 0:
                starts[0] = since
                lengths[0] += length
            else:
                starts = np.append(np.int64(since), starts)
                ends = np.append(np.int64(self._last), ends)
                lengths = np.append(np.int64(length), lengths)
            self._open = None
        if len(true) and true[-1]:
            self._open = int(starts[-1]), int(lengths[-1])
            starts, ends, lengths = starts[:-1], ends[:-1], lengths[:-1]
        self._last = int(time[-1]) if len(time) else self._last
        self.count += len(lengths)
        self.longer += int(np.count_nonzero(lengths > 1))
        kept = lengths >= self.least
        return starts[kept], ends[kept], lengths[kept]

    def close(self) -> tuple[Ticks, Ticks, Ticks]:
        """Return the run that was still open at the last bar, if it was long enough."""
        since, length = self._open or (0, 0)
        values = (since, self._last, length) if length >= self.least and length else ()
        return tuple(np.array([value], dtype=np.int64) for value in values) or _NOTHING  # type: ignore[return-value]


_NOTHING = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

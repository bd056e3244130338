"""Whether an adjusted close agrees with the close beside it, and which corporate actions the two tell of together.

The factor adjusted / close stands still between corporate actions: it rises by a dividend's share of the price, by the
ratio at a split that the close shows as a fall of the same size, and falls at a reverse split.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from marketdata.columns import BLOCK, Columns
from marketdata.quality.ratios import RATIOS, Ratio, ratio_near
from marketdata.quality.report import ACTION, BY_FILE, ERROR, INCONSISTENCY, INFO, WARNING, Findings
from marketdata.quality.tally import Runs, Tally

Ticks = NDArray[np.int64]
Floats = NDArray[np.float64]

SPLIT_STEP = 1.12
"""Step of the factor from which it may be a split; a smaller one is a dividend."""
NEAR = 0.03
SHOWN = 0.25
"""How far the adjusted close may move on the day of a split for the close to count as showing it, as a logarithm."""
MANY_STEPS = 0.05
"""Share of the bars at which the factor may change: a dividend a month is one in twenty."""
MOST = 2_000

_NOISE = 2e-6
_HEAD = 256
_DIVIDEND, _SPLIT, _UNSHOWN, _FALLS, _LARGE = range(5)


@dataclass(frozen=True, slots=True, eq=False)
class FactorReport:
    """What two closes say about each other: disagreements, actions, and the splits that both know, by nanosecond."""

    found: Mapping[str, Findings]
    splits: Mapping[int, Ratio]
    notes: tuple[str, ...]
    compared_with: str = BY_FILE

    @classmethod
    def kept(cls, report: Mapping[str, Any]) -> Self | None:
        """Return what a stored report of the same bars says that only the file of their import could tell.

        The adjusted close of a file is not stored with the bars. None when the report owes nothing to such a file.
        """
        closes = report.get("closes", {})
        if closes.get("compared_with") != BY_FILE:
            return None
        found = {kind: Findings.from_report(report, kind) for kind in (ACTION, INCONSISTENCY)}
        splits = {int(item.time.astype(np.int64)): item.ratio for item in found[ACTION].items if item.ratio}
        return cls(found, splits, tuple(closes["notes"]))


@np.errstate(all="ignore")  # two closes may lie further apart than a number can say
def compare_closes(columns: Columns, close: str = "close", adjusted: str = "adj_close") -> FactorReport:
    """Compare two columns of the same bars; rows where either is NaN are left out."""
    steps, above = _Steps(), _Above()
    last = np.nan
    for first in range(0, len(columns), BLOCK):
        stamp, raw, other = (columns.read(name, first, first + BLOCK) for name in ("time", close, adjusted))
        known = np.isfinite(raw) & np.isfinite(other) & (raw > 0.0) & (other > 0.0)
        rows = np.flatnonzero(known)
        if len(rows):
            steps.add(rows + first, stamp[rows], raw[rows], other[rows])
            last = float(other[rows[-1]] / raw[rows[-1]])
    found, splits, reverse = steps.finish()
    for first in range(0, len(columns), BLOCK):
        stamp, raw, other = (columns.read(name, first, first + BLOCK) for name in ("time", close, adjusted))
        above.add(np.arange(len(raw)) + first, stamp, raw, other, reverse)
    notes = []
    if np.isfinite(last) and abs(last - 1.0) > 1e-3:
        notes.append(
            f"At the last bar the adjusted close is {last:.4g} of the close: it allows for splits or dividends after "
            "the data ends."
        )
    problems = _together(found[INCONSISTENCY], above.finish())
    return FactorReport({**found, INCONSISTENCY: problems}, splits, tuple(notes))


class _Steps:
    """Where the factor changes by more than the rounding of the two columns explains."""

    def __init__(self) -> None:
        self._carry: tuple[float, float] | None = None
        self._parts: list[dict[str, NDArray[Any]]] = []
        self._count = 0
        self._total = 0

    def add(self, row: Ticks, time: Ticks, raw: Floats, other: Floats) -> None:
        self._total += len(row)
        before = self._carry or (float(raw[0]), float(other[0]))
        self._carry = float(raw[-1]), float(other[-1])
        raw_before = np.concatenate(([before[0]], raw[:-1]))
        other_before = np.concatenate(([before[1]], other[:-1]))
        step = (other / raw) / (other_before / raw_before)
        noise = _NOISE + 1.05 * (_rounding(other, other_before) + _rounding(raw, raw_before))
        changed = np.flatnonzero(np.abs(np.log(step)) > noise)
        self._count += len(changed)
        if sum(len(part["row"]) for part in self._parts) > MOST:
            return
        moved = (raw / raw_before)[changed]
        self._parts.append(
            {"row": row[changed], "time": time[changed], "step": step[changed], "moved": moved}
        )

    def finish(self) -> tuple[dict[str, Findings], dict[int, Ratio], list[tuple[int, float]]]:
        empty = {name: np.empty(0) for name in ("row", "time", "step", "moved")}
        joined = {name: np.concatenate([part[name] for part in self._parts or [empty]]) for name in empty}
        step, moved = joined["step"], joined["moved"]
        row, time = (joined[name].astype(np.int64) for name in ("row", "time"))
        actions, problems = Tally(ACTION), Tally(INCONSISTENCY)
        if self._total >= 100 and self._count > MANY_STEPS * self._total:
            self._drifts(problems, time)
            return {ACTION: Findings(), INCONSISTENCY: problems.finish(_problem_text)}, {}, []
        kind = np.array(
            [_kind_of(*pair) for pair in zip(step.tolist(), moved.tolist(), strict=True)], dtype=np.int64
        )
        ones = np.ones(len(row), dtype=np.int64)
        size = np.abs(np.log(step)) if len(step) else step
        for tally, wanted in ((actions, (_DIVIDEND, _SPLIT)), (problems, (_UNSHOWN, _FALLS, _LARGE))):
            chosen = np.flatnonzero(np.isin(kind, wanted))
            severity = (
                np.where(kind == _UNSHOWN, ERROR, WARNING) if tally is problems else np.full(len(kind), INFO)
            )
            tally.add(
                time[chosen],
                time[chosen],
                ones[chosen],
                severity.astype(np.int64)[chosen],
                size[chosen],
                what=kind[chosen],
                step=step[chosen],
            )
        found = {
            ACTION: actions.finish(_action_text, ratio=_action_ratio),
            INCONSISTENCY: problems.finish(_problem_text),
        }
        known = [
            (int(row[at]), int(time[at]), float(step[at])) for at in np.flatnonzero(kind == _SPLIT).tolist()
        ]
        splits = {tick: ratio for _row, tick, by in known if (ratio := ratio_of(by)) is not None}
        return found, splits, [(place, by) for place, _tick, by in known if by < 1.0]

    def _drifts(self, problems: Tally, time: Ticks) -> None:
        one = np.ones(1, dtype=np.int64)
        problems.add(
            time[:1],
            time[-1:],
            one * self._count,
            one * WARNING,
            one,
            what=one * -1,
            step=np.array([self._count / self._total]),
        )


class _Above:
    """Runs of bars whose adjusted close lies above the close although no later reverse split explains it."""

    def __init__(self) -> None:
        self._runs, self._tally = Runs(), Tally(INCONSISTENCY)

    def add(
        self, row: Ticks, time: Ticks, raw: Floats, other: Floats, reverse: list[tuple[int, float]]
    ) -> None:
        allowed = np.ones(len(row))
        for place, step in reverse:
            allowed[row < place] /= step
        noise = 1e-4 + _rounding(other, other) + _rounding(raw, raw)
        self._take(*self._runs.add(np.isfinite(other) & (other > raw * allowed * (1.0 + noise)), time))

    def _take(self, start: Ticks, end: Ticks, bars: Ticks) -> None:
        self._tally.add(start, end, bars, np.full(len(start), ERROR, dtype=np.int64), bars)

    def finish(self) -> Findings:
        self._take(*self._runs.close())
        return self._tally.finish(_above_text)


def ratio_of(step: float) -> Ratio | None:
    """Return the shares before and after a split that moves the factor by `step`; None when it is no simple ratio."""
    if 1.0 / SPLIT_STEP < step < SPLIT_STEP:
        return None
    return ratio_near(step, among=RATIOS, within=NEAR)


def _kind_of(step: float, moved: float) -> int:
    """What a step of the factor is, by the close's own move on that bar."""
    shown = abs(np.log(step * moved)) < min(SHOWN, 0.5 * abs(np.log(step)))
    if step < 1.0:
        return _SPLIT if ratio_of(step) is not None and shown else _FALLS
    if step < SPLIT_STEP:
        return _DIVIDEND
    if shown:
        return _SPLIT if ratio_of(step) is not None else _DIVIDEND
    return _UNSHOWN if ratio_of(step) is not None else _LARGE


def _rounding(value: Floats, before: Floats) -> Floats:
    """The relative error that rounding to the decimals in use may bring into each value and the one before."""
    known = value[np.isfinite(value)]
    for places in range(1, 7):
        if _has_places(known[:_HEAD], places) and _has_places(known, places):
            unit = 0.5 * 10.0**-places
            return unit / value + unit / before
    return np.zeros(len(value))


def _has_places(values: Floats, places: int) -> bool:
    return bool(np.all(np.abs(np.round(values, places) - values) <= 1e-9 * np.maximum(values, 1.0)))


def _together(one: Findings, two: Findings) -> Findings:
    counts = tuple(a + b for a, b in zip(one.by_severity, two.by_severity, strict=True))
    items = sorted((*one.items, *two.items), key=lambda item: item.time)
    return Findings(
        one.count + two.count, one.bars + two.bars, (counts[0], counts[1], counts[2]), tuple(items)
    )


def _action_ratio(values: dict[str, Any]) -> Ratio | None:
    return ratio_of(values["step"]) if values["what"] == _SPLIT else None


def _action_text(values: dict[str, Any]) -> str:
    ratio = _action_ratio(values)
    if ratio is not None:
        return f"The adjusted close allows for a {ratio[1]} for {ratio[0]} split"
    return f"The adjusted close allows for a dividend of {100.0 * (1.0 - 1.0 / values['step']):.2g} %"


def _problem_text(values: dict[str, Any]) -> str:
    what, step = values["what"], values["step"]
    if what == -1:
        share = f"{values['bars']} bars ({100.0 * step:.0f} %)"
        return (
            f"The adjusted close changes against the close on {share}; between corporate actions it must not"
        )
    if what == _UNSHOWN:
        old, new = ratio_of(step) or (1, round(step))
        split = f"a {new} for {old} split"
        return f"The adjusted close allows for {split} that the close does not show: is it adjusted already?"
    if what == _FALLS:
        fall = 100.0 * (1.0 - step)
        return f"The adjusted close falls by {fall:.2g} % against the close: dividends and splits raise it"
    rise = 100.0 * (step - 1.0)
    return f"The adjusted close rises by {rise:.3g} % against the close, which shows neither a split nor a dividend"


def _above_text(values: dict[str, Any]) -> str:
    noun = "1 bar" if values["bars"] == 1 else f"{values['bars']} bars"
    return f"The adjusted close lies above the close for {noun}"

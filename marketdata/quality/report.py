"""The quality report: what was found in a series, how much of it, and how bad each finding is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

VERSION = 2
LISTED = 100
"""Findings of one kind that are listed, the weightiest; all of them are counted."""

INFO, WARNING, ERROR = 0, 1, 2
SEVERITIES = ("info", "warning", "error")

SPLIT, INCONSISTENCY, GAP, STALE = "split", "inconsistency", "gap", "stale"
OUTLIER, OUTSIDE, ZERO_VOLUME, ACTION = "outlier", "outside", "zero_volume", "action"
LISTS: Mapping[str, str] = {
    SPLIT: "splits",
    INCONSISTENCY: "inconsistencies",
    GAP: "gaps",
    STALE: "stale",
    OUTLIER: "outliers",
    OUTSIDE: "outside",
    ZERO_VOLUME: "zero_volume",
    ACTION: "actions",
}
"""The kinds of findings and the names of their lists in the report, the worst first."""

BY_FILE, BY_SERIES = "file", "series"
POOR_COVERAGE, FAIR_COVERAGE = 0.9, 0.98


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicious place.

    `time` and `end` are the first and last bar that it concerns (of a gap: that are missing), `bars` how many these
    are, `ratio` the shares before and after a suspected split: (1, 4) is four for one.
    """

    kind: str
    time: np.datetime64
    end: np.datetime64
    bars: int
    text: str
    severity: str = SEVERITIES[WARNING]
    ratio: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON values; "time" is the start for people, "start" and "end" for programs."""
        told = {
            "kind": self.kind,
            "severity": self.severity,
            "time": said(self.time),
            "start": iso(self.time),
            "end": iso(self.end),
            "bars": self.bars,
            "text": self.text,
        }
        return told if self.ratio is None else {**told, "ratio": list(self.ratio)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """Make the finding of `to_dict` again; its times are whole seconds."""
        start, end = (np.datetime64(told[name].removesuffix("Z"), "ns") for name in ("start", "end"))
        ratio = told.get("ratio")
        return cls(
            kind=told["kind"],
            time=start,
            end=end,
            bars=told["bars"],
            text=told["text"],
            severity=told["severity"],
            ratio=None if ratio is None else (ratio[0], ratio[1]),
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings of one kind: how many of each severity, their bars, and the weightiest in the order of time."""

    count: int = 0
    bars: int = 0
    by_severity: tuple[int, int, int] = (0, 0, 0)
    items: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return self.count

    @classmethod
    def from_report(cls, report: Mapping[str, Any], kind: str) -> Self:
        """Return what a stored report says of one kind; `bars` are those of the findings that it lists."""
        items = tuple(Finding.from_dict(item) for item in report[LISTS[kind]])
        low, middle, high = (report["counts"][kind][name] for name in SEVERITIES)
        bars = sum(item.bars for item in items)
        return cls(low + middle + high, bars, (low, middle, high), items)


@dataclass(frozen=True, slots=True)
class Year:
    """The bars of one calendar year (UTC) that are there and that are missing."""

    year: int
    bars: int
    missing: int


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The findings about one series.

    `missing_bars` counts what the calendar expects between the first and the last bar, `outside_bars` what lies in none
    of its sessions, `unknown_bars` what lies beyond the days that it knows, `further_bars` what comes on top of the
    expected ones (the print of a closing auction, two bars in one place); these three take no part in the coverage.
    `compared_with` says where the adjusted or published close came from that the close was held against: `BY_FILE`, the
    file of an import, which nobody may have kept; `BY_SERIES`, the symbol's other series; empty, there was none.
    """

    bars: int
    missing_bars: int = 0
    outside_bars: int = 0
    unknown_bars: int = 0
    further_bars: int = 0
    zero_volume_bars: int = 0
    timeframe: str = ""
    calendar: str = ""
    found: Mapping[str, Findings] = field(default_factory=dict)
    years: tuple[Year, ...] = ()
    notes: tuple[str, ...] = ()
    compared_with: str = ""
    notes_on_closes: tuple[str, ...] = ()

    def of(self, kind: str) -> Findings:
        """Return what was found of one kind."""
        return self.found.get(kind, Findings())

    @property
    def gaps(self) -> tuple[Finding, ...]:
        """Where bars are missing."""
        return self.of(GAP).items

    @property
    def stale(self) -> tuple[Finding, ...]:
        """Where the price stands still."""
        return self.of(STALE).items

    @property
    def outliers(self) -> tuple[Finding, ...]:
        """Moves far beyond the usual ones of their time."""
        return self.of(OUTLIER).items

    @property
    def splits(self) -> tuple[Finding, ...]:
        """Splits that the prices seem not to be adjusted for."""
        return self.of(SPLIT).items

    @property
    def gap_count(self) -> int:
        return self.of(GAP).count

    @property
    def stale_count(self) -> int:
        return self.of(STALE).count

    @property
    def outlier_count(self) -> int:
        return self.of(OUTLIER).count

    @property
    def split_count(self) -> int:
        return self.of(SPLIT).count

    @property
    def coverage(self) -> float | None:
        """Share of the expected bars that are there, 0 to 1; None without bars that the calendar can judge."""
        there = self.bars - self.outside_bars - self.unknown_bars - self.further_bars
        expected = there + self.missing_bars
        return there / expected if expected else None

    @property
    def grade(self) -> str:
        """One word for a badge: "good", "fair", "poor", or "empty"."""
        if not self.bars:
            return "empty"
        coverage = self.coverage
        known = 1.0 if coverage is None and self.unknown_bars else (coverage or 0.0)
        if self.of(SPLIT).count or self.of(INCONSISTENCY).by_severity[ERROR] or known < POOR_COVERAGE:
            return "poor"
        many = self.outlier_count > max(1, self.bars // 500)
        if known < FAIR_COVERAGE or self.stale_count or many or self._open(OUTSIDE, INCONSISTENCY, OUTLIER):
            return "fair"
        return "good"

    def _open(self, *kinds: str) -> bool:
        return any(sum(self.of(kind).by_severity[WARNING:]) for kind in kinds)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        told: dict[str, Any] = {
            "version": VERSION,
            "timeframe": self.timeframe,
            "calendar": self.calendar,
            "grade": self.grade,
            "coverage": self.coverage,
            "bars": self.bars,
            "missing_bars": self.missing_bars,
            "outside_bars": self.outside_bars,
            "unknown_bars": self.unknown_bars,
            "zero_volume_bars": self.zero_volume_bars,
            "counts": {},
            "years": [{"year": item.year, "bars": item.bars, "missing": item.missing} for item in self.years],
            "notes": list(self.notes),
            "closes": {"compared_with": self.compared_with, "notes": list(self.notes_on_closes)},
        }
        for kind, name in LISTS.items():
            findings = self.of(kind)
            told[f"{kind}_count"] = findings.count
            told[name] = [item.to_dict() for item in findings.items]
            told["counts"][kind] = dict(zip(SEVERITIES, findings.by_severity, strict=True))
        return told


def said(moment: np.datetime64) -> str:
    """A time as people read it: to the minute, and a midnight as its date."""
    text = str(np.datetime_as_string(moment, unit="m"))
    return text.removesuffix("T00:00").replace("T", " ")


def said_ticks(ticks: int) -> str:
    """Like `said`, of nanoseconds since 1970."""
    return said(np.datetime64(ticks, "ns"))


def iso(moment: np.datetime64) -> str:
    """A time as programs read it: UTC, to the second."""
    return f"{np.datetime_as_string(moment, unit='s')}Z"

"""Results as lines of one table, and the table's place in the documentation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START, END = "<!-- peers: start, written by `python -m benchmarks.peers` -->", "<!-- peers: end -->"
HEADER = (
    "| work | tool | median | times | ours is faster by | goal | reached | results agree |",
    "|---|---|---:|---:|---:|---|---|---|",
)


@dataclass(frozen=True)
class Line:
    """One tool at one piece of work.

    Parameters
    ----------
    work, tool : str
    value : str
        Median with its unit, or a few words where there is none.
    times : int
        Measurements behind the median; 0 where there is none.
    ratio : float
        What the other tool needs over what the product needs; NaN on the product's own lines and where the results
        do not agree.
    goal : str
    reached : bool or None
        None where there is no goal or nothing to judge it by.
    agreement : str
    """

    work: str
    tool: str
    value: str
    times: int = 0
    ratio: float = math.nan
    goal: str = ""
    reached: bool | None = None
    agreement: str = ""

    def cells(self) -> tuple[str, ...]:
        reached = {True: "yes", False: "**no**", None: ""}[self.reached]
        ratio = "" if math.isnan(self.ratio) else f"{figure(self.ratio)}x"
        times = str(self.times) if self.times else ""
        return (self.work, self.tool, self.value, times, ratio, self.goal, reached, self.agreement)


@dataclass(frozen=True)
class Row:
    """The lines of one piece of work and what is to be said about them."""

    number: int
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = field(default=())


def figure(value: float) -> str:
    """A number with about three digits: 1,234 or 56.7 or 8.90."""
    if value >= 100.0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10.0 else f"{value:.2f}"


def duration(seconds: float) -> str:
    """Seconds in the unit that keeps about three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{figure(seconds / size)} {unit}"
    return f"{figure(seconds / 1e-9)} ns"


def table(rows: Sequence[Row]) -> str:
    """The markdown of all rows; the name of a work stands at its first line."""
    out = list(HEADER)
    for row in rows:
        before = ""
        for line in row.lines:
            work, *rest = line.cells()
            shown = "" if work == before else f"{row.number}. {work}"
            out.append("| " + " | ".join((shown, *rest)) + " |")
            before = work
    return "\n".join(out)


def section(
    rows: Sequence[Row], machine: str, versions: Mapping[str, str], missing: Mapping[str, str]
) -> str:
    """The whole generated part of the page."""
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    parts = [f"{machine}.", f"Versions: {tools}.", table(rows)]
    notes = [f"- {row.number}: {note}" for row in rows for note in row.notes]
    notes += [f"- {name} could not be installed: {why}." for name, why in missing.items()]
    if notes:
        parts.append("\n".join(notes))
    missed = [
        f"{row.number} ({line.tool}: {line.goal})"
        for row in rows
        for line in row.lines
        if line.reached is False
    ]
    parts.append("Goals missed: " + (", ".join(missed) if missed else "none") + ".")
    return "\n\n".join(parts)


def write(page: Path, text: str) -> None:
    """Put `text` between the page's two marks; raise ValueError when they are not there."""
    old = page.read_text()
    if old.count(START) != 1 or old.count(END) != 1 or old.index(START) > old.index(END):
        raise ValueError(f"{page} does not hold the marks {START} and {END} once each. Put them back.")
    before, rest = old.split(START)
    page.write_text(f"{before}{START}\n\n{text}\n\n{END}{rest.split(END)[1]}")

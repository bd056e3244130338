"""Folds as a picture: which stretch of time each trains on, leaves out and tests on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WIDTH = 1000.0
THINNEST = 2.5
"""A gap of one bar among thousands is drawn this wide, so that it can be seen."""

KINDS: Mapping[str, Any] = {
    "train": gettext_lazy("Training"),
    "purged": gettext_lazy("Purged: these outcomes reach into the test"),
    "embargo": gettext_lazy("Embargo"),
    "test": gettext_lazy("Test"),
}


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a fold on a scale of 0 to 1000, with its dates in words."""

    kind: str
    x: str
    width: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One fold: its stretches, and the same in a sentence for who does not see them."""

    number: int
    segments: tuple[Segment, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All folds under one another on one scale of time."""

    rows: tuple[Row, ...]
    start: datetime
    middle: datetime
    end: datetime
    kinds: tuple[tuple[str, Any], ...]


def timeline(folds: Iterable[Mapping[str, Any]]) -> Timeline | None:
    """Arrange folds as a report or a forecast names them; None when there is no fold.

    A fold of the older format names only its ends: what lies between training and test was left out.
    """
    spans = [(int(fold["number"]), _spans(fold)) for fold in folds]
    moments = [
        moment for _number, parts in spans for pairs in parts.values() for pair in pairs for moment in pair
    ]
    if not moments:
        return None
    start, end = min(moments), max(moments)
    scale = WIDTH / max((end - start).total_seconds(), 1.0)
    shown = {kind for _number, parts in spans for kind, pairs in parts.items() if pairs}
    return Timeline(
        rows=tuple(
            Row(number, _segments(parts, start, scale), _words(number, parts)) for number, parts in spans
        ),
        start=start,
        middle=start + (end - start) / 2,
        end=end,
        kinds=tuple((kind, label) for kind, label in KINDS.items() if kind in shown),
    )


def _spans(fold: Mapping[str, Any]) -> dict[str, list[tuple[datetime, datetime]]]:
    if "train_spans" in fold:
        return {
            kind: [(_moment(a), _moment(b)) for a, b in fold.get(f"{kind}_spans") or ()] for kind in KINDS
        }
    ends = {name: _moment(fold[name]) for name in ("train_start", "train_end", "test_start", "test_end")}
    return {
        "train": [(ends["train_start"], ends["train_end"])],
        "purged": [(ends["train_end"], ends["test_start"])],
        "embargo": [],
        "test": [(ends["test_start"], ends["test_end"])],
    }


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _segments(
    parts: Mapping[str, Sequence[tuple[datetime, datetime]]], start: datetime, scale: float
) -> tuple[Segment, ...]:
    """Gaps come last, so that the thin ones lie on top."""
    made = []
    for kind in ("train", "test", "purged", "embargo"):
        for first, last in parts[kind]:
            x = (first - start).total_seconds() * scale
            width = max((last - first).total_seconds() * scale, THINNEST)
            x = min(x, WIDTH - width)
            made.append(Segment(kind, f"{x:.2f}", f"{width:.2f}", f"{KINDS[kind]}: {_dates(first, last)}"))
    return tuple(made)


def _words(number: int, parts: Mapping[str, Sequence[tuple[datetime, datetime]]]) -> str:
    said = [
        _("%(kind)s %(dates)s")
        % {"kind": KINDS[kind], "dates": ", ".join(_dates(*pair) for pair in parts[kind])}
        for kind in KINDS
        if parts[kind]
    ]
    return _("Fold %(number)s. %(parts)s.") % {"number": number, "parts": "; ".join(said)}


def _dates(first: datetime, last: datetime) -> str:
    daily = all((moment.hour, moment.minute) == (0, 0) for moment in (first, last))
    shape = "%Y-%m-%d" if daily else "%Y-%m-%d %H:%M"
    return f"{first:{shape}} – {last:{shape}}"

"""A stored quality report as a page shows it: coverage by year, and what was found, kind by kind, the worst first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from marketdata.quality.report import FAIR_COVERAGE, POOR_COVERAGE

KINDS: tuple[tuple[str, str, Any, Any], ...] = (
    (
        "split",
        "splits",
        _("Splits that seem not to be adjusted"),
        _("A backtest takes them for crashes, or for gains that nobody made, until they are adjusted for."),
    ),
    (
        "inconsistency",
        "inconsistencies",
        _("Contradictions"),
        _("The adjusted and the published close do not fit together: one of the two is wrong."),
    ),
    (
        "gap",
        "gaps",
        _("Gaps"),
        _(
            "Bars that the calendar expects and that are not there. Import them, or choose the calendar of its market."
        ),
    ),
    (
        "stale",
        "stale",
        _("Stale runs"),
        _("The price stands still: often a copied value instead of a trade. Compare it with another source."),
    ),
    (
        "outlier",
        "outliers",
        _("Outliers"),
        _(
            "Moves far beyond the usual ones of their time. They may be true; import the right bars over wrong ones."
        ),
    ),
    (
        "outside",
        "outside",
        _("Bars outside sessions"),
        _("The calendar does not expect them: another calendar or timezone may fit better."),
    ),
    (
        "zero_volume",
        "zero_volume",
        _("Bars without volume"),
        _("Nothing was traded there; an order would hardly have been filled."),
    ),
    (
        "action",
        "actions",
        _("Dividends and splits"),
        _("What the adjusted close allows for. Nothing is wrong with them; compare them with what you know."),
    ),
)
"""All kinds of findings, the worst first: name, list in the report, words, and why it matters."""


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one kind. `is_open` says whether any of them is more than a remark."""

    kind: str
    label: Any
    why: Any
    count: int
    items: list[dict[str, Any]]
    is_open: bool

    @property
    def unlisted(self) -> int:
        """How many are counted and not listed."""
        return max(0, self.count - len(self.items))


@dataclass(frozen=True, slots=True)
class YearShare:
    """How much of a year's expected bars are there: a fraction of four decimals, and a word for its colour."""

    year: int
    bars: int
    missing: int
    share: float
    level: str


def groups(report: Mapping[str, Any]) -> list[Group]:
    """Return what was found, the worst kinds first; kinds without findings are left out."""
    found = []
    for kind, listed, label, why in KINDS:
        count = int(report.get(f"{kind}_count") or 0)
        items = report.get(listed) or []
        if not count or not isinstance(items, list):
            continue
        severities = (report.get("counts") or {}).get(kind) or {}
        worrying = severities.get("warning", 0) or severities.get("error", 0)
        shown = [item | {"until": _said(item.get("end", ""))} for item in items]
        found.append(Group(kind, label, why, count, shown, bool(worrying or not severities)))
    return found


def years(report: Mapping[str, Any]) -> list[YearShare]:
    """Return the coverage of each year that the report knows."""
    shares = []
    for item in report.get("years") or []:
        bars, missing = int(item["bars"]), int(item["missing"])
        share = bars / (bars + missing) if bars + missing else 0.0
        level = "full" if share >= FAIR_COVERAGE else "some" if share >= POOR_COVERAGE else "few"
        shown = (
            min(round(share, 4), 0.9999) if missing else 1.0
        )  # a year that lacks a bar is not shown as whole
        shares.append(YearShare(int(item["year"]), bars, missing, shown, level))
    return shares


def _said(iso: str) -> str:
    """A time of a report as people read it: to the minute, and a midnight as its date."""
    return iso[:16].removesuffix("T00:00").replace("T", " ")


def splits_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the suspected splits: "time" of the first bar after, and "ratio", the new shares for each old one."""
    return [
        {"time": item["start"], "ratio": item["ratio"][1] / item["ratio"][0]}
        for item in report.get("splits") or []
        if item.get("ratio") and item.get("start")
    ]

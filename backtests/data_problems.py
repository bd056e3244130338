"""The open quality problems of the data a result was computed from: found within its period, put into words later."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from algotrade.templatetags import figures
from marketdata.quality.problems import COVERAGE, problems

MOST_IN_WORDS = 6

NOUNS: Mapping[str, Any] = {
    "split": ngettext_lazy(
        "%(count)d suspected split that was not adjusted",
        "%(count)d suspected splits that were not adjusted",
        "count",
    ),
    "inconsistency": ngettext_lazy(
        "%(count)d contradiction between prices and adjusted prices",
        "%(count)d contradictions between prices and adjusted prices",
        "count",
    ),
    "gap": ngettext_lazy(
        "%(count)d gap (%(bars)d bars are missing)", "%(count)d gaps (%(bars)d bars are missing)", "count"
    ),
    "stale": ngettext_lazy(
        "%(count)d stretch of standing prices (%(bars)d bars)",
        "%(count)d stretches of standing prices (%(bars)d bars)",
        "count",
    ),
    "outlier": ngettext_lazy(
        "%(count)d move that is most likely a wrong price",
        "%(count)d moves that are most likely wrong prices",
        "count",
    ),
    "outside": ngettext_lazy(
        "%(count)d stretch of bars outside of any session",
        "%(count)d stretches of bars outside of any session",
        "count",
    ),
    "zero_volume": ngettext_lazy(
        "%(count)d stretch without volume", "%(count)d stretches without volume", "count"
    ),
}
THIN = gettext_lazy("only %(coverage)s of the expected bars are there (%(bars)d are missing)")


def of_report(
    report: Mapping[str, Any] | None, start: dt.date, end: dt.date, symbol: str = ""
) -> list[dict[str, Any]]:
    """What is open in a snapshot's quality report between two days, each with the symbol if one is given."""
    named = {"symbol": symbol} if symbol else {}
    return [{**named, **problem} for problem in between(report, start.isoformat(), end.isoformat())]


def between(report: Mapping[str, Any] | None, start: str, end: str) -> list[dict[str, Any]]:
    """What is open in a quality report between two ISO dates; an empty one is no end."""
    return problems(report or {}, start, end)


def of_legs(legs: Iterable[Any], start: dt.date, end: dt.date) -> list[dict[str, Any]]:
    """What is open in the data of each symbol of a run; `legs` have a symbol and a snapshot."""
    return [
        problem for leg in legs for problem in of_report(leg.snapshot.quality, start, end, symbol=leg.symbol)
    ]


def is_severe(found: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any of it makes the result worthless."""
    return any(problem.get("severity") == "error" for problem in found)


def in_words(problem: Mapping[str, Any]) -> str:
    """One stored problem: what, how many, and when."""
    if problem["kind"] == COVERAGE:
        said = str(THIN) % {"coverage": figures.percent(problem["coverage"], 1), "bars": problem["bars"]}
    else:
        said = NOUNS[problem["kind"]] % {"count": problem["count"], "bars": problem["bars"]}
    if dates := list(problem.get("dates", ())):
        further = problem["kind"] != COVERAGE and (problem["count"] > len(dates) or problem.get("more"))
        said = f"{said}: {', '.join(dates)}{' …' if further else ''}"
    elif problem.get("more"):
        said = _("%(problem)s, more than are listed") % {"problem": said}
    return f"{problem['symbol']}: {said}" if problem.get("symbol") else said


def summary(details: Sequence[str]) -> str:
    """The first of them in one sentence; the rest is told as a list beside it."""
    shown = "; ".join(details[:MOST_IN_WORDS])
    if len(details) <= MOST_IN_WORDS:
        return shown
    return _("%(problems)s; and %(count)d more") % {"problems": shown, "count": len(details) - MOST_IN_WORDS}


def is_known(problem: Mapping[str, Any]) -> bool:
    """Whether there are words for it; a result of a newer version may hold others."""
    return problem.get("kind") in NOUNS or problem.get("kind") == COVERAGE

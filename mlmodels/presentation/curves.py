"""The curves of a report: what the chart is told, and the same values as a table."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from algotrade.templatetags import figures

TABLE_ROWS = 25
LEAST_SPAN = 0.001
"""Returns that differ by less are drawn as if they differed by so much."""
FARTHEST = 2.0
"""A line for comparison further out than so many times the largest value is not drawn."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One chart over two numbers. `drawing` is what static/js/lib/curves.js takes."""

    key: str
    title: str
    drawing: dict[str, Any]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def curves_of(metrics: Mapping[str, Any]) -> dict[str, Curve]:
    """The curves this report has values for, by key: roc, precision_recall, calibration, thresholds."""
    made = (_roc(metrics), _precision_recall(metrics), _calibration(metrics), _thresholds(metrics))
    return {curve.key: curve for curve in made if curve is not None}


def _axis(
    label: str, unit: str = "fraction", low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    return {"label": label, "unit": unit, "min": low, "max": high}


def _line(
    label: str, points: Iterable[Sequence[Any]], tone: str = "chart-strategy", **more: Any
) -> dict[str, Any]:
    return {"label": label, "tone": tone, "points": [list(point) for point in points], **more}


def _roc(metrics: Mapping[str, Any]) -> Curve | None:
    found = metrics.get("roc") or {}
    points = found.get("points") or []
    if not points:
        return None
    auc = _("AUC %(auc)s ± %(error)s") % {
        "auc": figures.ratio(found.get("auc"), 3),
        "error": figures.ratio(found.get("auc_error"), 3),
    }
    drawing = {
        "x": _axis(_("False alarms: losses called gains"), "percent", 0.0, 1.0),
        "y": _axis(_("Found: gains called gains"), "percent", 0.0, 1.0),
        "lines": [
            _line(auc, points, extra=_("from a probability of")),
            _line(_("Chance"), [[0.0, 0.0], [1.0, 1.0]], "chart-benchmark", dashed=True),
        ],
        "square": True,
    }
    head = (_("Probability from"), _("False alarms"), _("Found"))
    return Curve(
        "roc",
        _("ROC: gains found against false alarms"),
        drawing,
        head,
        _thinned([(_probability(t), figures.percent(x, 1), figures.percent(y, 1)) for x, y, t in points]),
        _("Out of sample. On the dashed line it tells gains from losses no better than a coin."),
    )


def _precision_recall(metrics: Mapping[str, Any]) -> Curve | None:
    found = metrics.get("precision_recall") or {}
    points = found.get("points") or []
    if not points:
        return None
    base = found.get("base")
    label = _("Average precision %(value)s") % {"value": figures.ratio(found.get("average_precision"), 3)}
    drawing = {
        "x": _axis(_("Recall: share of the gains found"), "percent", 0.0, 1.0),
        "y": _axis(_("Precision: how often “gain” was right"), "percent", 0.0, 1.0),
        "lines": [
            # Where nothing is called a gain there is no precision.
            _line(label, [p for p in points if p[2] is not None], extra=_("from a probability of")),
            _line(
                _("Chance: the share of gains, %(share)s") % {"share": figures.percent(base, 1)},
                [[0.0, base], [1.0, base]],
                "chart-benchmark",
                dashed=True,
            ),
        ],
        "square": True,
    }
    head = (_("Probability from"), _("Recall"), _("Precision"))
    return Curve(
        "precision_recall",
        _("Precision and recall"),
        drawing,
        head,
        _thinned([(_probability(t), figures.percent(x, 1), figures.percent(y, 1)) for x, y, t in points]),
        _("Out of sample. Without skill, “gain” is right as often as there are gains, however picky one is."),
    )


def _calibration(metrics: Mapping[str, Any]) -> Curve | None:
    bins = [part for part in metrics.get("calibration") or () if part.get("predicted") is not None]
    if not bins:
        return None
    intervals = [[b["predicted"], b["low"], b["high"]] for b in bins if b.get("low") is not None]
    told = [value for b in bins for value in (b["predicted"], b["observed"], b.get("low"), b.get("high"))]
    known = [value for value in told if value is not None]
    low, high = max(0.0, min(known) - 0.02), min(1.0, max(known) + 0.02)
    drawing = {
        "x": _axis(_("Said: mean probability of a gain"), "percent", low, high),
        "y": _axis(_("Happened: share of gains"), "percent", low, high),
        "lines": [
            _line(_("This model"), [[b["predicted"], b["observed"], b["rows"]] for b in bins], dots=True,
                  extra=_("predictions"), extra_unit="integer"),
            _line(_("Exactly right"), [[low, low], [high, high]], "chart-benchmark", dashed=True),
        ],
        "intervals": {"label": _("95 % interval"), "points": intervals},
        "square": True,
    }  # fmt: skip
    head = (_("Predictions"), _("Said"), _("Happened"), _("95 % interval"))
    rows = [
        (
            figures.integer(b["rows"]),
            figures.percent(b["predicted"], 1),
            figures.percent(b["observed"], 1),
            _between(b),
        )
        for b in bins
    ]
    return Curve(
        "calibration",
        _("Calibration"),
        drawing,
        head,
        tuple(rows),
        _(
            "Predictions in ten groups, from the least to the most sure of a gain. An interval that misses the "
            "dashed line is a probability that cannot be taken at its word."
        ),
    )


def _between(part: Mapping[str, Any]) -> str:
    if part.get("low") is None:
        return figures.percent(None)
    return f"{figures.percent(part['low'], 1)} – {figures.percent(part['high'], 1)}"


def _thresholds(metrics: Mapping[str, Any]) -> Curve | None:
    found = metrics.get("thresholds") or {}
    points = [point for point in found.get("points") or () if point.get("net_return") is not None]
    if not points:
        return None
    swept = [[point["margin"], point["net_return"], point["trades"]] for point in points]
    lines = [
        _line(_("Signals of this model"), swept, dots=True, extra=_("trades"), extra_unit="integer"),
    ]
    held = ((metrics.get("trading") or {}).get("buy_and_hold") or {}).get("net_return")
    gained = [point["net_return"] for point in points]
    # Far above or below all of them its line would press theirs flat; the figure stands beside the equity, too.
    if held is not None and abs(held) <= FARTHEST * max(max(map(abs, gained)), 0.01):
        ends = [points[0]["margin"], points[-1]["margin"]]
        line = _line(_("Buy and hold"), [[x, held] for x in ends], "chart-benchmark", dashed=True)
        lines.append(line)
    drawing = {
        "x": _axis(_("Margin: distance from 50 % before a position is taken"), "ratio"),
        "y": _return_axis(
            _("Net return after costs"), [point[1] for line in lines for point in line["points"]]
        ),
        "lines": lines,
        "zero": True,
    }
    head = (_("Margin"), _("Net return"), _("Trades"), _("Exposure"), _("Sharpe"))
    rows = [
        (
            figures.ratio(p["margin"], 3),
            figures.signed_percent(p["net_return"]),
            figures.integer(p.get("trades")),
            figures.percent(p.get("exposure"), 1),
            figures.ratio(p.get("sharpe")),
        )
        for p in points
    ]
    said = _(
        "Picking the best of these %(count)s margins is a search, too: each counts as a trial, and the best of "
        "many looks good by luck alone. Costs: %(cost)s of the value of each fill."
    ) % {"count": len(points), "cost": figures.percent(found.get("cost_rate"), 3)}
    return Curve("thresholds", _("Margin against net return"), drawing, head, tuple(rows), said)


def _return_axis(label: str, returns: Sequence[float]) -> dict[str, Any]:
    """An axis of net returns with round ends: left to itself it would go on below the loss of everything."""
    low, high = min(returns), max(returns)
    step = 10.0 ** math.floor(math.log10(max(high - low, LEAST_SPAN)))
    ends = math.floor(low / step) * step, (math.floor(high / step) + 1) * step
    return _axis(label, "percent", max(round(ends[0], 9), min(low, -1.0)), round(ends[1], 9))


def _probability(value: float | None) -> str:
    """A threshold above every probability calls nothing a gain."""
    return "–" if value is None or value > 1.0 else figures.ratio(value, 3)


def _thinned(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """At most `TABLE_ROWS` rows, evenly spaced, the first and the last among them."""
    if len(rows) <= TABLE_ROWS:
        return tuple(rows)
    step = (len(rows) - 1) / (TABLE_ROWS - 1)
    return tuple(rows[round(index * step)] for index in range(TABLE_ROWS))

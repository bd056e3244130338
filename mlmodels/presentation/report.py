"""The report of a training as its page shows it. Older reports come with fewer parts and show what they have."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from algotrade.templatetags import figures
from mlmodels.algorithms import ALGORITHMS
from mlmodels.drift import level_of
from mlmodels.evaluation.vocabulary import REPORT_FORMAT
from mlmodels.models import MLModel
from mlmodels.presentation.curves import curves_of
from mlmodels.presentation.doubts import doubts_about
from mlmodels.presentation.glossary import DEFINITIONS
from mlmodels.presentation.timeline import timeline
from mlmodels.presentation.words import CONTROLS, LEVELS, STABILITY_WORDS, VERDICTS, verdict_sentence
from strategies.params import Param

TRIALS_SHOWN = 200
GROWTH_OF = 100.0
ALMOST_SURE = 0.9999


def report_context(model: MLModel) -> dict[str, Any]:
    """What the page of a trained model shows beyond the row itself."""
    metrics = model.metrics
    overall = metrics.get("overall") or {}
    trading = metrics.get("trading") or {}
    algorithm = ALGORITHMS.get(model.algorithm)
    return {
        "overall": overall,
        "causal": model.causal,
        "older_format": bool(overall) and metrics.get("format", 1) < REPORT_FORMAT,
        "verdict": verdict_sentence(overall),
        "verdict_tone": VERDICTS[model.verdict].tone if model.verdict in VERDICTS else "info",
        "definitions": DEFINITIONS,
        "doubts": doubts_about(metrics, model.configuration),
        "trading": trading,
        "controls": control_rows(metrics),
        "timeline": timeline(metrics.get("folds") or ()),
        "folds": fold_rows(metrics),
        "curves": curves_of(metrics),
        "bars": importance_bars(model.feature_importance),
        "impurity": share_bars(metrics.get("impurity") or ()),
        "stability": stability_rows(metrics.get("stability") or ()),
        "search": search_rows(metrics.get("search") or {}, algorithm.params if algorithm else ()),
        "paths": path_strips(metrics.get("paths") or ()),
        "audit": _audit(metrics.get("audit") or {}),
        "retraining": metrics.get("retraining") or [],
    }


def _audit(audit: Mapping[str, Any]) -> dict[str, Any]:
    """The audit with the chance of a rare leak's showing, never rounded up to certainty."""
    caught = audit.get("rare_caught")
    return {**audit, "rare_caught": None if caught is None else min(caught, ALMOST_SURE)}


def control_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The model first, then what it must stand beside; nothing when the report has no controls."""
    controls = metrics.get("controls") or ()
    if not controls:
        return []
    overall, trading = metrics["overall"], metrics.get("trading") or {}
    own = {
        "key": "model",
        "label": _("This model"),
        "words": _("Out of sample, on bars it was not trained on."),
        "accuracy": overall.get("accuracy"),
        "accuracy_error": overall.get("accuracy_error"),
        "base_rate": overall.get("base_rate"),
        "log_loss": overall.get("log_loss"),
        "net_return": trading.get("net_return"),
        "sharpe": trading.get("sharpe"),
    }
    rows = [own]
    for control in controls:
        label, words = CONTROLS.get(control["key"], (control["key"], ""))
        say = (
            figures.signed_percent
            if control["key"] == "buy_and_hold"
            else lambda value: figures.ratio(value, 3)
        )
        rows.append(
            {
                **control,
                "label": label,
                "words": words,
                "judgement": _judgement(control),
                "band": ""
                if control.get("low") is None
                else f"{say(control['low'])} – {say(control['high'])}",
            }
        )
    return rows


def _judgement(control: Mapping[str, Any]) -> str:
    """What passing or failing this control means."""
    passed = control.get("passed")
    if passed is None:
        return ""
    return _("as expected") if passed else _("outside its band")


def fold_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each fold with the four cells of its confusion as shares of its rows."""
    return [{**fold, "cells": _confusion(fold.get("confusion"))} for fold in metrics.get("folds") or ()]


def _confusion(counts: Mapping[str, int] | None) -> list[dict[str, Any]]:
    """Foreseen up and down beside what came, with a depth from 0 to 4 for the cell's shade."""
    if not counts:
        return []
    total = max(sum(counts.values()), 1)
    return [
        {
            "key": key,
            "count": counts[key],
            "share": counts[key] / total,
            "depth": min(4, int(counts[key] / total * 8)),
        }
        for key in ("true_up", "false_up", "true_down", "false_down")
    ]


def importance_bars(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add to each feature where its bar, whisker and folds lie on a scale of 0 to 100; harmful ones have no bar."""
    reach = [value for row in rows for value in (row["mean"] + row["spread"], *(row.get("folds") or ()))]
    largest = max(reach, default=0.0)
    scale = 100.0 / largest if largest > 0.0 else 0.0

    def place(value: float) -> str:
        return f"{min(100.0, max(0.0, value * scale)):.2f}"

    return [
        {
            **row,
            "width": place(row["mean"]),
            "low": place(row["mean"] - row["spread"]),
            "high": place(row["mean"] + row["spread"]),
            "dots": [place(value) for value in row.get("folds") or () if value is not None],
            "clear": row["mean"] > row["spread"],
        }
        for row in rows
    ]


def share_bars(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """In-sample shares with the width of their bars, the largest first."""
    ordered = sorted(rows, key=lambda row: -(row["share"] or 0.0))
    largest = max((row["share"] or 0.0 for row in ordered), default=0.0) or 1.0
    return [{**row, "width": f"{(row['share'] or 0.0) / largest * 100:.2f}"} for row in ordered]


def stability_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Features by how far their spread moved, the furthest first, each with its word.

    Those of a check of drift have their level; those of a report follow from what was usual, which older ones lack.
    """
    ordered = sorted(rows, key=lambda row: -(row.get("psi") or 0.0))
    words = [LEVELS[row.get("level") or level_of(row.get("psi"), row.get("by_chance"))] for row in ordered]
    return [
        {**row, "state": word, "word": STABILITY_WORDS[word]}
        for row, word in zip(ordered, words, strict=True)
    ]


def search_rows(search: Mapping[str, Any], params: Iterable[Param] = ()) -> dict[str, Any]:
    """The tries of a search, by fold and best first; `names` are those of `params` that were varied."""
    trials = list(search.get("trials") or ())
    if not trials:
        return {}
    names = list(dict.fromkeys(name for trial in trials for name in trial["hyperparameters"]))
    varied = [
        name for name in names if len({repr(t["hyperparameters"].get(name)) for t in trials}) > 1
    ] or names
    labels = {param.name: _(param.label) for param in params}
    # The search of the final model, fold 0, comes last.
    trials.sort(key=lambda trial: (trial["fold"] or math.inf, trial["score"] is None, trial["score"] or 0.0))
    rows = [
        {
            **trial,
            "values": [trial["hyperparameters"].get(name) for name in varied],
            "best": trial.get("chosen"),
        }
        for trial in trials
    ]
    shown = rows if len(rows) <= TRIALS_SHOWN else [row for row in rows if row["best"]]
    return {
        "method": search.get("method"),
        "evaluated": search.get("evaluated") or len(trials),
        "names": [labels.get(name, name) for name in varied],
        "rows": shown,
        "cut": len(shown) < len(rows),
    }


def path_strips(paths: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each figure of the combinatorial paths as dots on its own scale, with the ends and the median in numbers."""
    printed = {
        "accuracy": (_("Accuracy"), lambda value: figures.ratio(value, 3)),
        "auc": (_("AUC"), lambda value: figures.ratio(value, 3)),
        "log_loss": (_("Log-loss"), lambda value: figures.ratio(value, 4)),
        "net_return": (_("Net return"), figures.signed_percent),
        "sharpe": (_("Sharpe ratio"), figures.ratio),
    }
    rows = list(paths)
    strips = []
    for name, (label, say) in printed.items():
        values = sorted(row[name] for row in rows if row.get(name) is not None)
        if not values:
            continue
        span = values[-1] - values[0]
        middle = len(values) // 2
        median = values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
        strips.append(
            {
                "name": name,
                "label": label,
                "dots": [f"{(value - values[0]) / span * 96 + 2 if span else 50:.2f}" for value in values],
                "median_at": f"{(median - values[0]) / span * 96 + 2 if span else 50:.2f}",
                "lowest": say(values[0]),
                "median": say(median),
                "highest": say(values[-1]),
                "count": len(values),
            }
        )
    return strips


def growth_lines(model: MLModel) -> list[dict[str, Any]]:
    """The two lines of `equity_lines` by name, for a file."""
    found = equity_lines(model)
    named = ((_("Strategy"), found["equity"]), (_("Buy and hold"), found["benchmark"]))
    return [{"label": label, "points": points} for label, points in named]


def equity_lines(model: MLModel) -> dict[str, Any]:
    """The equity of the out-of-sample signals and of buy and hold as growth of 100, for the chart."""
    trading = model.metrics.get("trading") or {}

    def grown(points: Any) -> list[list[float]]:
        return [[time, value * GROWTH_OF] for time, value in points or () if value is not None]

    return {
        "equity": grown(trading.get("equity")),
        "benchmark": grown((trading.get("buy_and_hold") or {}).get("equity")),
    }

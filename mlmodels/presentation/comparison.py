"""Two models side by side: the tables, and both their curves in one picture."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from algotrade.templatetags import figures
from mlmodels.algorithms import ALGORITHMS
from mlmodels.configuration import COST_PARAM, TRAINING_PARAMS, applies
from mlmodels.models import MLModel
from mlmodels.presentation.curves import Curve, curves_of
from mlmodels.presentation.glossary import DEFINITIONS
from mlmodels.presentation.report import equity_lines
from mlmodels.presentation.settings import cost_text
from mlmodels.services import MLModelService, Paired, ScorePair, SettingDifference
from strategies.params import ChoiceParam

TONES = ("chart-strategy", "chart-overlay-2")
PICTURES = ("roc", "calibration")
SMALLER_IS_BETTER = frozenset({"log_loss", "brier"})
NEITHER_IS_BETTER = frozenset({"base_rate", "base_log_loss", "effective_rows", "trades", "exposure"})
CHOICES: Mapping[str, Mapping[str, str]] = {
    "algorithm": {key: algorithm.label for key, algorithm in ALGORITHMS.items()},
    **{param.name: dict(param.choices) for param in TRAINING_PARAMS if isinstance(param, ChoiceParam)},
    **{
        f"hyperparameters.{param.name}": dict(param.choices)
        for algorithm in ALGORITHMS.values()
        for param in algorithm.params
        if isinstance(param, ChoiceParam)
    },
}
Say: TypeAlias = Callable[[float | None], str]
PRINTED: Mapping[str, Say] = {
    "net_return": figures.signed_percent,
    "max_drawdown": figures.percent,
    "effective_rows": figures.integer,
    "trades": figures.integer,
    "sharpe": figures.ratio,
}


def comparison_context(first: MLModel, second: MLModel) -> dict[str, Any]:
    """What the page shows beyond the two rows."""
    found = MLModelService.compare(first, second)
    curves = curves_of(first.metrics), curves_of(second.metrics)
    shared = [key for key in PICTURES if key in curves[0] or key in curves[1]]
    return {
        "comparison": found,
        "settings": [
            _setting(item, first, second) for item in found.settings if _counts(item.name, first, second)
        ],
        "scores": [_score(pair, comparable=found.paired is not None) for pair in found.scores],
        "paired": _paired(found.paired) if found.paired else None,
        "curves": [_shared_table(key, (first, second), curves) for key in shared],
        "has_equity": any(model.metrics.get("trading") for model in (first, second)),
        "definitions": DEFINITIONS,
    }


def _shared_table(
    key: str, models: tuple[MLModel, MLModel], curves: tuple[Mapping[str, Curve], Mapping[str, Curve]]
) -> Curve:
    """One curve's frame with the values of both models in its table."""
    owners = [(str(model), found[key]) for model, found in zip(models, curves, strict=True) if key in found]
    rows = tuple((name, *row) for name, curve in owners for row in curve.rows)
    # The intervals that the words under a calibration speak of are drawn for one model only.
    note = "" if key == "calibration" else owners[0][1].note
    return replace(owners[0][1], head=(_("Model"), *owners[0][1].head), rows=rows, note=note)


def comparison_curves(first: MLModel, second: MLModel) -> dict[str, Any]:
    """The curves of both in one drawing each; chance and intervals are drawn once."""
    both = [
        (model, tone, curves_of(model.metrics)) for model, tone in zip((first, second), TONES, strict=True)
    ]
    made: dict[str, Any] = {}
    for key in PICTURES:
        owners = [(model, tone, curves[key].drawing) for model, tone, curves in both if key in curves]
        if not owners:
            continue
        lines = [
            {**line, "label": str(model), "tone": tone}
            for model, tone, drawing in owners
            for line in drawing["lines"]
            if not line.get("dashed")
        ]
        drawing = owners[0][2]
        reach = [(other["x"]["min"], other["x"]["max"]) for _model, _tone, other in owners]
        low, high = min(pair[0] for pair in reach), max(pair[1] for pair in reach)
        dashed = [
            {**line, "points": [[low, low], [high, high]]} for line in drawing["lines"] if line.get("dashed")
        ]
        axes = {side: {**drawing[side], "min": low, "max": high} for side in ("x", "y")}
        made[key] = {**drawing, **axes, "lines": lines + dashed, "intervals": None}
    return made


def comparison_equity(first: MLModel, second: MLModel) -> dict[str, Any]:
    """The equity of the signals of both; buy and hold of the first that has one."""
    lines = []
    held: list[list[float]] = []
    for model, tone in zip((first, second), TONES, strict=True):
        found = equity_lines(model)
        if found["equity"]:
            lines.append({"label": str(model), "points": found["equity"], "tone": tone})
            held = held or found["benchmark"]
    if not lines:
        return {"equity": []}
    if held:
        lines.append({"label": _("Buy and hold"), "points": held, "tone": "chart-benchmark"})
    return {"equity": lines[0]["points"], "lines": lines}


def _counts(name: str, *models: MLModel) -> bool:
    """Whether a setting had a say in either training."""
    return any(applies(name, model.configuration) for model in models)


def _setting(item: SettingDifference, first: MLModel, second: MLModel) -> dict[str, Any]:
    values = {
        "first": item.first if _counts(item.name, first) else None,
        "second": item.second if _counts(item.name, second) else None,
    }
    if item.name == "features":
        one, other = (set(value or ()) for value in values.values())
        values = {
            "first": _only([name for name in item.first or () if name not in other]),
            "second": _only([name for name in item.second or () if name not in one]),
        }
    choices = CHOICES.get(item.name, {})
    if item.name == COST_PARAM.name:
        values = {side: value if value is None else cost_text(value) for side, value in values.items()}
    said = {
        side: _plain(choices.get(value, value) if isinstance(value, str) else value)
        for side, value in values.items()
    }
    return {"label": _(item.label), **said}


def _only(names: list[str]) -> str:
    return _("only here: %(names)s") % {"names": ", ".join(names)} if names else _("none of its own")


def _plain(value: Any) -> str:
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple):
        return ", ".join(
            str(part.get("name", part)) if isinstance(part, Mapping) else str(part) for part in value
        )
    return str(value)


def _score(pair: ScorePair, *, comparable: bool) -> dict[str, Any]:
    """One row of the scores; none is marked as the better one where the two cannot be compared."""

    def say(value: float | None) -> str:
        return PRINTED[pair.key](value) if pair.key in PRINTED else figures.ratio(value, 4)

    better = ""
    if comparable and pair.difference and pair.key not in NEITHER_IS_BETTER:
        better = "second" if (pair.difference > 0.0) != (pair.key in SMALLER_IS_BETTER) else "first"
    return {
        "label": pair.label,
        "definition": DEFINITIONS.get(pair.key),
        "first": say(pair.first),
        "second": say(pair.second),
        "difference": _signed(pair, say),
        "better": better,
    }


def _signed(pair: ScorePair, say: Say) -> str:
    if pair.difference is None:
        return str(figures.na(None))
    said = say(pair.difference)
    return said if pair.difference <= 0.0 or said.startswith("+") else f"+{said}"


def _paired(found: Paired) -> dict[str, Any]:
    """The differences on common bars, dates as the filters take them."""
    rows = [
        {
            "label": label,
            "definition": DEFINITIONS[key],
            "gap": gap,
            "times": gap.standard_errors,
            "clear": gap.is_clear,
        }
        for key, label, gap in (
            ("log_loss", _("Log-loss"), found.log_loss),
            ("accuracy", _("Accuracy"), found.accuracy),
        )
    ]
    return {
        "rows": rows,
        "count": found.rows,
        "effective": found.effective_rows,
        "start": str(found.start)[:10],
        "end": str(found.end)[:10],
        "only_first": found.only_first,
        "only_second": found.only_second,
    }

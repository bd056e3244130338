"""What was asked for, and what it would take to train the same model again."""

from typing import Any

from django.utils.translation import gettext as _

from algotrade.templatetags import figures
from mlmodels.algorithms import ALGORITHMS
from mlmodels.configuration import COST_PARAM, TRAINING_PARAMS, applies
from mlmodels.features import label_of
from mlmodels.models import MLModel
from strategies.params import Param

SHORT = 16
COST_PLACES = 3


def settings_context(model: MLModel) -> dict[str, Any]:
    """Settings, features and provenance of a model, trained or not."""
    return {
        "settings": settings_rows(model),
        "feature_labels": [(name, label_of(name)) for name in model.configuration.get("features", ())],
        "strategy_features": model.configuration.get("strategies") or (),
        "recipe": recipe_rows(model),
    }


def settings_rows(model: MLModel) -> list[tuple[str, Any, str]]:
    """Label, value and unit of what was asked for: how it is judged, then the hyper-parameters."""
    stored = model.configuration
    algorithm = ALGORITHMS.get(model.algorithm)
    rows = [
        (param, stored[param.name])
        for param in TRAINING_PARAMS
        if param.name in stored and applies(param.name, stored)
    ]
    said = [(param.label, _said(param, value), _unit(param, value)) for param, value in rows]
    own = stored.get("hyperparameters", {})
    for param in algorithm.params if algorithm else ():
        value = own.get(param.name)
        if _searched(param, stored):
            said.append((param.label, _("searched for in each fold"), ""))
        else:
            said.append((param.label, _said(param, value), _unit(param, value)))
    return said


def recipe_rows(model: MLModel) -> list[tuple[str, str, str]]:
    """Label, what is shown and the whole of what is needed to reproduce the model: data, versions, seed, machine."""
    provenance = model.provenance or {}
    rows = [(_("Data fingerprint"), model.snapshot_sha256[:SHORT], model.snapshot_sha256)]
    if model.artifact_sha256:
        rows.append((_("File checksum"), model.artifact_sha256[:SHORT], model.artifact_sha256))
    rows += [(str(name), str(version), "") for name, version in (provenance.get("versions") or {}).items()]
    for key, label in (("python", _("Python")), ("platform", _("Machine")), ("machine", _("Machine"))):
        if value := provenance.get(key):
            said = ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
            rows.append((label, said, ""))
    return rows


def _searched(param: Param, stored: dict[str, Any]) -> bool:
    """Whether each fold looked for its own value of this hyper-parameter."""
    over = stored.get("search_over") or ()
    return stored.get("search", "none") != "none" and bool(param.grid()) and (not over or param.name in over)


def _unit(param: Param, value: Any) -> str:
    return "bar" if param.unit == "bars" and value == 1 else param.unit


def cost_text(fraction: float) -> str:
    """Costs as everywhere on the pages: in percent of the value of a fill."""
    return figures.percent(fraction, COST_PLACES)


def _said(param: Param, value: Any) -> Any:
    if param is COST_PARAM:
        return cost_text(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and param.unit:
        return figures.integer(value)
    label = dict(getattr(param, "choices", ())).get(value)
    return _(label) if label else value

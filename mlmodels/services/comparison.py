"""Two models side by side: what was asked of them, how they did, and whether the difference is more than chance.

Scores of two trainings may differ because their bars do. So the difference is also measured where both have predicted
the same outcome out of fold, bar by bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from algotrade.errors import LabError
from algotrade.templatetags.figures import integer
from marketdata.services import open_snapshot
from mlmodels import store
from mlmodels.algorithms import ALGORITHMS
from mlmodels.configuration import TRAINING_PARAMS, TrainingConfiguration
from mlmodels.labels import LABELS
from mlmodels.models import MLModel
from mlmodels.services.paired import Common, Paired, common_rows, measure
from strategies.params import Param

# Where each figure stands in a report, and what it is called.
FIGURES: dict[str, tuple[str, Any]] = {
    "accuracy": ("overall", gettext_lazy("Accuracy")),
    "base_rate": ("overall", gettext_lazy("Base rate")),
    "log_loss": ("overall", gettext_lazy("Log-loss")),
    "base_log_loss": ("overall", gettext_lazy("Log-loss of the base rate")),
    "brier": ("overall", gettext_lazy("Brier score")),
    "auc": ("overall", gettext_lazy("Area under the ROC curve")),
    "average_precision": ("overall", gettext_lazy("Average precision")),
    "effective_rows": ("overall", gettext_lazy("Effective rows")),
    "net_return": ("trading", gettext_lazy("Net return of its signals")),
    "sharpe": ("trading", gettext_lazy("Sharpe ratio of its signals")),
    "max_drawdown": ("trading", gettext_lazy("Maximum drawdown of its signals")),
    "trades": ("trading", gettext_lazy("Trades of its signals")),
}
LABELS_OF_DATA = {
    "series": gettext_lazy("Series"),
    "data": gettext_lazy("Data fingerprint"),
    "start_date": gettext_lazy("From"),
    "end_date": gettext_lazy("To"),
    "algorithm": gettext_lazy("Algorithm"),
    "features": gettext_lazy("Features"),
    "strategies": gettext_lazy("Strategies as features"),
}
FOLD_KEYS = ("train_start", "train_end", "train_rows", "test_start", "test_end")


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """A setting with two values; None where a model has no such setting."""

    name: str
    label: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class ScorePair:
    """One figure of both reports, each over its own bars; None where a report has none."""

    key: str
    label: str
    first: float | None
    second: float | None

    @property
    def difference(self) -> float | None:
        """The second minus the first."""
        return None if self.first is None or self.second is None else self.second - self.first


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models side by side; `paired` is None where they cannot be measured on the same bars: `remarks` say why."""

    first: MLModel
    second: MLModel
    same_data: bool
    same_outcome: bool
    same_folds: bool
    settings: tuple[SettingDifference, ...]
    scores: tuple[ScorePair, ...]
    paired: Paired | None
    remarks: tuple[str, ...]
    conclusion: str


def compare(first: MLModel, second: MLModel) -> Comparison:
    """Compare two trained models of one user. Raises ModelNotReady for one that is not trained."""
    for model in (first, second):
        store.require_trained(model)
    same_data = _data_of(first) == _data_of(second)
    same_outcome = _outcome_of(first) == _outcome_of(second)
    same_folds = same_data and _folds_of(first) == _folds_of(second)
    remarks = [_about_data(same_data), _about_outcome(same_outcome), _about_folds(same_folds)]
    remarks += [_about_hindsight(model) for model in (first, second) if not model.causal]
    paired = None
    if same_outcome:
        try:
            paired = measure(_common(first, second))
        except LabError as error:
            remarks.append(error.detail)
        else:
            remarks += [] if paired else [_about_few()]
    return Comparison(
        first=first,
        second=second,
        same_data=same_data,
        same_outcome=same_outcome,
        same_folds=same_folds,
        settings=_settings(first, second),
        scores=_scores(first.metrics, second.metrics),
        paired=paired,
        remarks=tuple(remarks),
        conclusion=_conclusion(first, second, paired),
    )


def _settings(first: MLModel, second: MLModel) -> tuple[SettingDifference, ...]:
    labels: dict[str, Any] = LABELS_OF_DATA | {param.name: param.label for param in TRAINING_PARAMS}
    for model in (first, second):
        params: tuple[Param, ...] = (
            ALGORITHMS[model.algorithm].params if model.algorithm in ALGORITHMS else ()
        )
        labels |= {f"hyperparameters.{param.name}": param.label for param in params}
    one, other = _settings_of(first), _settings_of(second)
    return tuple(
        SettingDifference(name, str(labels.get(name, name)), one.get(name), other.get(name))
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    )


def _settings_of(model: MLModel) -> dict[str, Any]:
    """What was asked for, one value a name, in today's words."""
    try:
        stored = TrainingConfiguration.from_dict(model.configuration).to_dict()
    except LabError:  # an algorithm or a feature that is gone: what was stored still tells the difference
        stored = dict(model.configuration)
    hyper = stored.pop("hyperparameters", None) or {}
    return {
        "series": f"{model.symbol} {model.timeframe}",
        "data": model.snapshot_sha256[:12],
        "start_date": model.start_date and model.start_date.isoformat(),
        "end_date": model.end_date and model.end_date.isoformat(),
        **stored,
        **{f"hyperparameters.{name}": value for name, value in hyper.items()},
    }


def _scores(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[ScorePair, ...]:
    found = (
        ScorePair(key, str(label), *((report.get(part) or {}).get(key) for report in (first, second)))
        for key, (part, label) in FIGURES.items()
    )
    return tuple(pair for pair in found if not (pair.first is None and pair.second is None))


def _data_of(model: MLModel) -> tuple[Any, ...]:
    return model.snapshot_sha256, model.first_time, model.last_time, model.bar_count


def _outcome_of(model: MLModel) -> tuple[Any, ...]:
    stored = model.configuration
    kind = LABELS.get(stored.get("label", ""))
    width = stored.get("barrier_width") if kind is not None and kind.uses_barriers else None
    return model.timeframe, stored.get("label"), stored.get("horizon"), width


def _folds_of(model: MLModel) -> list[tuple[Any, ...]]:
    return [tuple(fold.get(key) for key in FOLD_KEYS) for fold in model.metrics.get("folds", ())]


def _common(first: MLModel, second: MLModel) -> Common:
    """The bars that both predicted out of fold and whose outcome is known."""
    one, other = store.open_record(first), store.open_record(second)
    left, right = common_rows(one, other)
    bars = open_snapshot(first.snapshot, first.start_date, first.end_date)
    labels = TrainingConfiguration.from_dict(first.configuration).labels(bars)
    rows = np.searchsorted(bars.time, one.time[left])
    known = labels.known[rows]
    left, right, rows = left[known], right[known], rows[known]
    return Common(
        one.time[left],
        one.probability[left],
        other.probability[right],
        labels.up[rows],
        rows.astype(np.int64),
        labels.exit[rows],
    )


# -- In words ------------------------------------------------------------------------------------------------------


def _about_data(same: bool) -> str:
    if same:
        return _("Both were trained on the same bars.")
    return _("They were trained on different bars: their own scores are not about the same days.")


def _about_outcome(same: bool) -> str:
    if same:
        return _("Both foresee the same outcome.")
    return _("They foresee different outcomes, so no bar says which of them is the better one.")


def _about_folds(same: bool) -> str:
    if same:
        return _("Both were judged on the same folds.")
    return _(
        "Their folds differ: at the same bar one of them may have learned from more bars than the other."
    )


def _about_hindsight(model: MLModel) -> str:
    return _(
        "Out-of-fold probabilities of “%(name)s” come from models trained on both sides of a bar, which nobody could "
        "have traded."
    ) % {"name": model}


def _about_few() -> str:
    return _("They have too few bars in common, at the same prices and out of fold, to measure a difference.")


def _conclusion(first: MLModel, second: MLModel, paired: Paired | None) -> str:
    if paired is None:
        return _("Which of the two is better cannot be said from these trainings.")
    gap = paired.log_loss
    said = {
        "better": second if gap.mean < 0.0 else first,
        "size": f"{abs(gap.mean):.4f}",
        "error": f"{gap.error:.4f}",
        "times": f"{abs(gap.standard_errors):.1f}",
        "rows": integer(paired.rows),
    }
    if gap.mean == 0.0 and gap.error == 0.0:
        return _("Both say the same on each of the %(rows)s bars they have in common.") % said
    if not gap.is_clear:
        return (
            _(
                "On the %(rows)s bars in common the log-loss of “%(better)s” is smaller by %(size)s ± %(error)s, "
                "%(times)s standard errors: chance does that often enough."
            )
            % said
        )
    return (
        _(
            "On the %(rows)s bars in common the log-loss of “%(better)s” is smaller by %(size)s ± %(error)s, %(times)s "
            "standard errors. The best of many compared models looks good by luck alone."
        )
        % said
    )

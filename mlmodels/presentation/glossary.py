"""What each figure of a model's report means: formula, unit, convention, and when it has no value.

Symbols: p_t the probability of a gain given to bar t, y_t 1 when the trade decided at t gained and 0 when not, n the
number of out-of-fold predictions, b the share of gains among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Meaning:
    """One figure's meaning, as `components/_definition.html` prints it."""

    formula: str
    unit: Any = ""
    convention: Any = ""
    undefined: Any = ""


SHARE = _("share, 0 to 1")

DEFINITIONS: Mapping[str, Meaning] = {
    "accuracy": Meaning(
        "mean((p_t > 1/2) = y_t)",
        SHARE,
        _(
            "Out of fold only. ± is one standard error, sqrt(a (1 - a) / m), where m counts overlapping "
            "outcomes only as often as they are independent."
        ),
    ),
    "base_rate": Meaning(
        "max(b, 1 - b)",
        SHARE,
        _(
            "The accuracy of always giving the answer that was more frequent in the tests, known with hindsight. A "
            "model below it is worse than no model. The control “Always the same answer” knows the training parts "
            "only and may score less; before a training the share is that of all usable rows, tested or not."
        ),
    ),
    "auc": Meaning(
        "P(p_i > p_j | y_i = 1, y_j = 0)",
        SHARE,
        _(
            "The area under the ROC curve: how often a gain was given more probability than a loss. 0.5 is "
            "chance. ± is one standard error with the effective sample; over several bars it is 10 to 20 % too small."
        ),
        _("all outcomes are the same"),
    ),
    "average_precision": Meaning(
        "sum((R_k - R_{k-1}) P_k)",
        SHARE,
        _(
            "The area under the precision-recall curve. Without skill it is the share of gains, which stands "
            "beside it."
        ),
        _("there is no gain"),
    ),
    "log_loss": Meaning(
        "-mean(y_t log p_t + (1 - y_t) log(1 - p_t))",
        _("nats a prediction"),
        _("Smaller is better; being sure and wrong costs most. Beside it: always giving the share of gains."),
    ),
    "brier": Meaning(
        "mean((p_t - y_t)²)",
        _("squared probability"),
        _("Smaller is better; 0.25 is a coin's."),
    ),
    "effective_rows": Meaning(
        "p (1 - p) / error(accuracy)², error by Newey and West where trades overlap",
        _("predictions"),
        _(
            "Trades that are open at the same time share their luck as far as the answer stays the same. So many "
            "independent answers tell as much; all errors are computed from this number."
        ),
    ),
    "net_return": Meaning(
        "E_end / E_start - 1",
        _("fraction of the starting capital"),
        _(
            "The out-of-fold signals traded from open to open by the lab's own simulator, costs taken off. No bar is "
            "traded by a model that was trained on it."
        ),
        _("nothing was simulated"),
    ),
    "sharpe": Meaning(
        "mean(r_t) / std(r_t) · sqrt(P)",
        _("a year"),
        _(
            "From the returns of the bars after costs, P bars a year, without a risk-free rate. The interval "
            "covers 95 %. A mean of returns is not their growth: a fall of 50 % and a rise of 60 % have a mean of "
            "5 % and end in a loss of 20 %. So a ratio a little above 0 may stand beside a loss."
        ),
        _("the equity never moved"),
    ),
    "max_drawdown": Meaning("min(E_t / max(E_s, s ≤ t) - 1)", _("fraction of the peak"), _("At most 0.")),
    "exposure": Meaning("share of bars with a position", SHARE),
    "trades": Meaning("count", _("round trips")),
    "importance": Meaning(
        "log-loss(feature scrambled) - log-loss",
        _("nats a prediction"),
        _(
            "In each test fold the feature's values are put into random order. The mean over the folds ± the "
            "deviation between them; up to that deviation it may be nothing."
        ),
    ),
    "impurity": Meaning(
        "share of the fall of impurity at splits on the feature; of |weight| for a straight line",
        SHARE,
        _(
            "IN-SAMPLE: read from the training of the final model. It praises what the model has used, whether "
            "or not that was of any use, and favours features of many values."
        ),
        _("the algorithm grows no trees"),
    ),
    "psi": Meaning(
        "sum((a_k - e_k) log(a_k / e_k))",
        _("population stability index"),
        _(
            "Ten bins hold a tenth of the training rows each; e_k is their share in training, a_k afterwards. "
            "Below 0.1 stable, up to 0.25 moved, above changed; stable, too, while it is no more than usual."
        ),
        _("a column without values"),
    ),
    "psi_usual": Meaning(
        "exp(mean(log PSI) + t sqrt(1 + 1/k) deviation(log PSI))",
        _("population stability index"),
        _(
            "Neighbouring bars are alike, so a short stretch always differs from the whole. This is what k past "
            "windows of the training rows, each against the rest of them, stayed below with 95 %."
        ),
        _("a report of an earlier version"),
    ),
    "calibration": Meaning(
        "mean(y_t) beside mean(p_t), by tenths of p",
        SHARE,
        _("The interval covers 95 % and counts overlapping outcomes only as often as they are independent."),
    ),
    "margin": Meaning(
        "long: p_t > 1/2 + m, short: p_t < 1/2 - m",
        _("probability"),
        _("How sure the model must be before it takes a position."),
    ),
}

"""What the figures of a model mean, in a sentence that does not flatter."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def verdict_sentence(overall: dict[str, Any]) -> str:
    """The accuracy beside its error and its base rate, and what follows from that."""
    if not overall:
        return ""
    said = {
        "accuracy": f"{overall['accuracy']:.3f}",
        "error": f"{overall['accuracy_error']:.3f}",
        "base": f"{overall['base_rate']:.3f}",
        "answer": _("up") if overall["majority"] == "up" else _("down"),
        "above": f"{overall['standard_errors_above']:.1f}",
    }
    figures = _("Accuracy %(accuracy)s ± %(error)s beside a base rate of %(base)s:") % said
    if overall["verdict"] == "no_better":
        meaning = _("no better than always saying %(answer)s.") % said
    elif overall["verdict"] == "within_noise":
        meaning = (
            _(
                "only %(above)s standard errors better than always saying %(answer)s, which chance does often enough."
            )
            % said
        )
    else:
        meaning = (
            _(
                "%(above)s standard errors better than always saying %(answer)s. Whether that pays after costs, a "
                "backtest shows."
            )
            % said
        )
    return f"{figures} {meaning}"


TONES = {"no_better": "warning", "within_noise": "info", "better": "success"}

DEFINITIONS = {
    "accuracy": gettext_lazy(
        "Share of out-of-fold predictions on the right side of 50 %. ± is one standard error; overlapping outcomes "
        "count once per horizon."
    ),
    "base_rate": gettext_lazy(
        "The accuracy of always giving the more frequent answer. A model below it is worse than no model."
    ),
    "log_loss": gettext_lazy(
        "Mean of minus the logarithm of the probability given to what happened: smaller is better, and being sure and "
        "wrong costs most. Beside it: always giving the share of gains."
    ),
    "brier": gettext_lazy("Mean squared distance of the probability from what happened; 0.25 is a coin's."),
}

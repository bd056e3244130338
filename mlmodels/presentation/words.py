"""What the figures of a model mean, in sentences that do not flatter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mlmodels.drift import Level
from mlmodels.evaluation.vocabulary import ControlKey, Verdict


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """A verdict in a word or two, the tone of its notice, and the colour of its label in the admin."""

    said: Any
    tone: str
    colour: str


VERDICTS: Mapping[Verdict, VerdictWords] = {
    "no_better": VerdictWords(gettext_lazy("no better"), "warning", "danger"),
    "within_noise": VerdictWords(gettext_lazy("within noise"), "info", "warning"),
    "better": VerdictWords(gettext_lazy("better"), "success", "success"),
}

STAGES: Mapping[str, Any] = {
    "candidate": gettext_lazy("Candidate"),
    "promoted": gettext_lazy("Promoted"),
    "retired": gettext_lazy("Retired"),
}

CONTROLS: Mapping[ControlKey, tuple[Any, Any]] = {
    "majority": (
        gettext_lazy("Always the same answer"),
        gettext_lazy(
            "Each fold says what was more frequent in its training part. The base rate above is what the tests turned "
            "out to hold, which nobody knew before."
        ),
    ),
    "shuffled_labels": (
        gettext_lazy("Shuffled outcomes"),
        gettext_lazy(
            "The same training with the outcomes in random order. There is nothing to learn, so that anything better "
            "than chance would be a leak."
        ),
    ),
    "random_walk": (
        gettext_lazy("Random walk"),
        gettext_lazy(
            "The same training on invented prices of the same length and volatility that nobody can foresee."
        ),
    ),
    "buy_and_hold": (
        gettext_lazy("Buy and hold"),
        gettext_lazy("Bought at the first tradable bar of the same period and kept, with the same costs."),
    ),
}


def verdict_sentence(overall: Mapping[str, Any]) -> str:
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
    if overall["verdict"] == "no_better" or said["above"] == "0.0":
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


LEVELS: Mapping[Level, str] = {"stable": "stable", "moderate": "moved", "large": "changed", "unknown": ""}
"""What pages call the levels of drift."""

STABILITY_WORDS: Mapping[str, Any] = {
    "stable": gettext_lazy("stable"),
    "moved": gettext_lazy("moved"),
    "changed": gettext_lazy("changed"),
    "": gettext_lazy("n/a"),
}

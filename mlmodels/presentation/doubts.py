"""Why not to believe a model yet: each reason with its figures, the gravest first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from algotrade.templatetags import figures
from mlmodels.drift import level_of, most_by_chance
from mlmodels.presentation.words import CONTROLS
from mlmodels.validation.kinds import is_causal

FEW_INDEPENDENT = 100
"""Below this many independent outcomes one standard error of the accuracy is more than five points."""

OVERLAPPING = 0.6
"""Share of the rows below which those that count say that outcomes overlap."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason. `severe` ones make the whole report worthless as it stands."""

    code: str
    label: str
    words: str
    severe: bool = False


def doubts_about(metrics: Mapping[str, Any], configuration: Mapping[str, Any]) -> list[Doubt]:
    """Everything in this report that speaks against it."""
    overall = metrics.get("overall") or {}
    if not overall:
        return []
    found = [
        *_controls(metrics),
        *_against_base(overall),
        *_sample(overall),
        *_folds(metrics),
        *_money(metrics),
        *_moved(metrics),
        *_method(metrics, configuration),
    ]
    return sorted(found, key=lambda doubt: not doubt.severe)


def _controls(metrics: Mapping[str, Any]) -> Iterator[Doubt]:
    for control in metrics.get("controls") or ():
        if control.get("passed") is not False:
            continue
        held = control["key"] == "buy_and_hold"
        values = (control.get("net_return" if held else "accuracy"), control.get("low"), control.get("high"))
        value, low, high = (figures.signed_percent(v) if held else figures.ratio(v, 3) for v in values)
        said = {
            "what": CONTROLS.get(control["key"], (control["key"],))[0],
            "value": value,
            "low": low,
            "high": high,
        }
        if held:
            meaning = _(
                "%(what)s made %(value)s in the simulation, where the prices themselves say %(low)s to %(high)s. The "
                "simulated trades of this report are not to be trusted."
            )
        else:
            meaning = _(
                "%(what)s: accuracy %(value)s, where chance lies between %(low)s and %(high)s. Something could "
                "be learned there that does not exist. Believe no figure here before that is explained."
            )
        yield Doubt(
            f"control_{control['key']}", _("A control is outside its band"), meaning % said, severe=True
        )
    if "controls" in metrics and not metrics["controls"]:
        yield Doubt(
            "no_controls",
            _("No controls"),
            _(
                "Shuffled outcomes and a random walk were left out of this training, so a leak would not show."
            ),
        )


def _against_base(overall: Mapping[str, Any]) -> Iterator[Doubt]:
    said = {
        "loss": figures.ratio(overall["log_loss"], 4),
        "base": figures.ratio(overall["base_log_loss"], 4),
    }
    if overall["log_loss"] > overall["base_log_loss"]:
        yield Doubt(
            "probabilities",
            _("Its probabilities are worse than a constant"),
            _(
                "Log-loss %(loss)s beside %(base)s of always giving the share of gains: it is more sure than it "
                "is right."
            )
            % said,
        )


def overlapping(rows: float, effective: float) -> bool:
    """Whether so many rows tell clearly less than their number."""
    return effective < OVERLAPPING * rows


def _sample(overall: Mapping[str, Any]) -> Iterator[Doubt]:
    rows, effective = overall["rows"], overall["effective_rows"]
    said = {"rows": figures.integer(rows), "effective": figures.integer(effective)}
    if overlapping(rows, effective):
        yield Doubt(
            "overlap",
            _("Outcomes overlap"),
            _(
                "%(rows)s predictions tell only as much as %(effective)s independent ones; the errors count these."
            )
            % said,
        )
    if effective < FEW_INDEPENDENT:
        yield Doubt(
            "few",
            _("Few independent outcomes"),
            _("Only %(effective)s: such a sample cannot tell a good model from a lucky one.") % said,
        )


def _folds(metrics: Mapping[str, Any]) -> Iterator[Doubt]:
    scores = [fold["score"] for fold in metrics.get("folds") or ()]
    ahead = sum(score["accuracy"] > score["base_rate"] for score in scores)
    if scores and metrics["overall"]["verdict"] != "no_better" and 2 * ahead <= len(scores):
        yield Doubt(
            "folds",
            _("It does not hold fold by fold"),
            _("It beats its base rate in %(ahead)s of %(count)s folds.")
            % {"ahead": ahead, "count": len(scores)},
        )


def _money(metrics: Mapping[str, Any]) -> Iterator[Doubt]:
    trading = metrics.get("trading") or {}
    gained = trading.get("net_return")
    if gained is None:
        return
    if gained <= 0.0:
        said = _("Traded out of sample it returns %(net)s after costs.")
        if (trading.get("sharpe") or 0.0) > 0.0:
            said += " " + _(
                "Its Sharpe ratio of %(sharpe)s is above 0 all the same: it comes from the mean of the bars' returns, "
                "and returns that swing widely grow by less than their mean."
            )
        told = {"net": figures.signed_percent(gained), "sharpe": figures.ratio(trading.get("sharpe"))}
        yield Doubt("no_profit", _("It does not pay"), said % told)
    held = (trading.get("buy_and_hold") or {}).get("net_return")
    if held is not None and 0.0 < gained < held:
        yield Doubt(
            "buy_and_hold",
            _("Buy and hold did better"),
            _("%(held)s against %(net)s over the same bars.")
            % {"held": figures.signed_percent(held), "net": figures.signed_percent(gained)},
        )
    low = trading.get("sharpe_low")
    if gained > 0.0 and low is not None and low <= 0.0:
        yield Doubt(
            "luck",
            _("Luck is not ruled out"),
            _("The 95 %% interval of its Sharpe ratio, %(low)s to %(high)s, includes zero.")
            % {"low": figures.ratio(low), "high": figures.ratio(trading.get("sharpe_high"))},
        )


def _moved(metrics: Mapping[str, Any]) -> Iterator[Doubt]:
    rows = metrics.get("stability") or ()
    moved = [row for row in rows if level_of(row.get("psi"), row.get("by_chance")) == "large"]
    if len(moved) > most_by_chance(len(rows)):
        worst = max(moved, key=lambda row: row["psi"])
        count = len(moved)
        words = ngettext(
            "%(count)s feature is spread differently in the tests than in training (worst: %(name)s, PSI %(psi)s).",
            "%(count)s features are spread differently in the tests than in training (worst: %(name)s, PSI %(psi)s).",
            count,
        ) % {"count": count, "name": _(worst["label"]), "psi": figures.ratio(worst["psi"])}
        yield Doubt("unstable", _("The inputs wander"), words)


def _method(metrics: Mapping[str, Any], configuration: Mapping[str, Any]) -> Iterator[Doubt]:
    if not is_causal(configuration.get("validation")):
        yield Doubt(
            "not_causal",
            _("Nobody could have traded these predictions"),
            _(
                "Combinatorial folds train on both sides of what they test. That judges the method; inside the "
                "training period a backtest gets no prediction from it."
            ),
        )
    search = metrics.get("search") or {}
    if search.get("evaluated"):
        yield Doubt(
            "search",
            _("Settings were searched for"),
            _("%(count)s tries were made inside the training parts. The scores here come from bars no try has seen; "
              "the tries count in the ledger all the same.") % {"count": figures.integer(search["evaluated"])},
        )  # fmt: skip

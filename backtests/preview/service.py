"""A preview, from what a form or a script says to the answer: checked, computed, and but for a count forgotten."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from algotrade.forms import HUNDRED
from algotrade.jobs.responder import NoAnswer, NotReady, Refused, Replaced, TookTooLong
from backtests import ledger, verdict
from backtests.curves import finite
from backtests.engine.config import SimulationConfig
from backtests.engine.errors import ConfigError
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.forms import BacktestForm
from backtests.preview import process
from backtests.preview.data import LONGEST_TEXT, Problems, series_of, shared_days, strategy_of
from backtests.preview.errors import (
    NoPreviewOfType,
    PreviewError,
    PreviewRefused,
    PreviewReplaced,
    PreviewTooSlow,
    PreviewUnavailable,
    PreviewWarming,
)
from backtests.preview.question import Question, QuestionLeg
from backtests.preview.reports import doubts_of_data
from backtests.preview.trials import Trial, fingerprint, recent
from backtests.robustness.deflated import expected_maximum
from marketdata.errors import SnapshotDamaged
from marketdata.models import Series
from marketdata.services import current_snapshot, open_snapshot
from marketdata.store import snapshots
from strategies.base import BaseStrategy
from strategies.errors import ParameterError, UnknownStrategyType
from strategies.portfolio import PortfolioStrategy
from strategies.registry import get_strategy_class

LEAST_CAPITAL, MOST_CAPITAL = 1.0, 1e12
DEFAULT_CAPITAL = 10_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What is shown, and the trial to be counted: None where it repeats one that was."""

    answer: dict[str, Any]
    trial: Trial | None

    def record(self) -> None:
        """Count it in the ledger. Called when the answer is on its way, so that nobody waits for the database."""
        if self.trial is not None:
            self.trial.record()


class PreviewService:
    """Page and API go through here and raise the same errors."""

    @classmethod
    def preview(
        cls,
        *,
        user: Any,
        strategy_type: Any,
        symbol: Any,
        parameters: Any = None,
        timeframe: Any = "1d",
        initial_capital: Any = DEFAULT_CAPITAL,
        known: Any = "",
        other_symbols: Any = (),
    ) -> Preview:
        """Compute a backtest over all bars of the user's series (else the shared one) at a new backtest's settings.

        A type over several symbols is computed over the days that the data of all of them covers, as runs are.

        `known` names the market that the asker holds from an earlier answer; it is then left out.
        """
        if not settings.LIVE_PREVIEW:
            raise PreviewUnavailable(
                _("Previews are switched off here. Save the strategy and run a backtest.")
            )
        problems: Problems = {}
        strategy_class = _type_of(strategy_type, problems)
        cleaned = _parameters_of(strategy_class, parameters, problems) if strategy_class else {}
        config = _configuration(strategy_class, initial_capital, problems)
        meant = strategy_of(strategy_class, symbol, other_symbols, timeframe, problems)
        if problems or config is None:
            raise PreviewRefused(fields=problems)
        chosen = series_of(meant, user)
        question = _question(
            chosen,
            together=meant.trades_weights,
            strategy_type=str(strategy_type),
            parameters=cleaned,
            configuration=config.to_dict(),
            earlier=ledger.totals(user=user, series=chosen[0]),
            known=known if isinstance(known, str) else "",
        )
        mark = fingerprint(user.pk, question)
        repeated = mark in recent
        if repeated:  # it is among those counted already
            others = replace(question.earlier, count=max(question.earlier.count - 1, 0))
            question = replace(question, earlier=others)
        computed = _ask(question, user, chosen)
        recent.add(mark)
        return Preview(
            _told(computed, question, chosen),
            None if repeated else _trial(user, question, chosen[0], computed["metrics"]["sharpe_ratio"]),
        )


def supports(strategy_class: type[BaseStrategy]) -> bool:
    """Whether a type can be previewed: its decisions need nothing but bars."""
    return not (strategy_class.uses_model or strategy_class.refers())


def preview_settings(
    initial_capital: float = DEFAULT_CAPITAL, strategy_class: type[BaseStrategy] | None = None
) -> dict[str, Any]:
    """The settings that the form of a new backtest of a type (else of one that trades one symbol) begins with."""
    fields = BacktestForm.base_fields
    percents = ("commission", "slippage", "spread")
    costs = {name: float(Decimal(str(fields[name].initial)) / HUNDRED) for name in percents}
    if strategy_class is not None and issubclass(strategy_class, PortfolioStrategy):
        kind = {"rebalance": strategy_class.rebalance}
    else:
        kind = {"sizing": fields["sizing"].initial}
    return {
        "initial_capital": initial_capital,
        "allow_short": fields["allow_short"].initial,
        **kind,
        **costs,
    }


def _type_of(key: Any, problems: Problems) -> type[BaseStrategy] | None:
    try:
        strategy_class = get_strategy_class(key if isinstance(key, str) else str(key)[:LONGEST_TEXT])
    except UnknownStrategyType as error:
        problems["strategy_type"] = [error.detail]
        return None
    if not supports(strategy_class):
        said = _("There is no live preview of this type: save the strategy and run a backtest.")
        raise NoPreviewOfType(said, fields={"strategy_type": [said]})
    return strategy_class


def _parameters_of(strategy_class: type[BaseStrategy], given: Any, problems: Problems) -> dict[str, Any]:
    if not isinstance(given, Mapping | None):
        problems["parameters"] = [_("Give the parameters as an object of names and values.")]
        return {}
    try:
        return strategy_class.clean_parameters(given or {})
    except ParameterError as error:
        problems.update({f"parameters.{name}": messages for name, messages in error.fields.items()})
        return {}


def _configuration(
    strategy_class: type[BaseStrategy] | None, capital: Any, problems: Problems
) -> SimulationConfig | PortfolioConfig | None:
    several = strategy_class is not None and issubclass(strategy_class, PortfolioStrategy)
    try:
        number = math.nan if isinstance(capital, bool) else float(capital)
        if not LEAST_CAPITAL <= number <= MOST_CAPITAL:
            raise ValueError
        settled = preview_settings(number, strategy_class)
        return PortfolioConfig.from_dict(settled) if several else SimulationConfig.from_dict(settled)
    except ConfigError as error:
        problems.update(error.fields)
    except (TypeError, ValueError, OverflowError):
        problems["initial_capital"] = [_("Give an amount from 1 to 1\u202f000\u202f000\u202f000\u202f000.")]
    return None


def _question(chosen: Sequence[Series], *, together: bool, **asked: Any) -> Question:
    """What the process is asked; `together`: in one account over the days that all series cover."""
    first = chosen[0]
    question = Question(
        path=snapshots.path_of(first.content_sha256),
        sha256=first.content_sha256,
        periods_per_year=max(float(series.periods_per_year) for series in chosen),
        **asked,
    )
    if not together:
        return question
    period = shared_days(chosen)
    legs = (
        QuestionLeg(series.symbol, snapshots.path_of(series.content_sha256), series.content_sha256)
        for series in chosen
    )
    return replace(question, legs=tuple(legs), start=str(period.start), end=str(period.end))


def _trial(user: Any, question: Question, series: Series, sharpe: float | None) -> Trial:
    """As a run counts: on the first symbol's series, its Sharpe ratio per bar of the run."""
    a_bar = None if sharpe is None else sharpe / math.sqrt(question.periods_per_year)
    return Trial(user, series, question.strategy_type, a_bar)


def _ask(question: Question, user: Any, chosen: Sequence[Series]) -> dict[str, Any]:
    try:
        return _answered(question, user)
    except PreviewRefused as error:
        if error.code != SnapshotDamaged.code:
            raise
    for series in chosen:  # writes its file anew from the rows, or says that it cannot
        open_snapshot(current_snapshot(series))
    return _answered(question, user)


def _answered(question: Question, user: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = process.ask(question, asker=user.pk)
    except Refused as error:
        refusal = PreviewRefused(error.detail, fields=error.fields)
        refusal.code = error.code
        raise refusal from error
    except NoAnswer as error:
        raise _in_words(error) from error
    return answer


def _in_words(error: NoAnswer) -> PreviewError:
    if isinstance(error, Replaced):
        return PreviewReplaced(_("A newer preview of yours has taken the place of this one."))
    if isinstance(error, TookTooLong):
        said = _("This takes longer than the %(seconds)g seconds a preview may. Save it and run a backtest.")
        return PreviewTooSlow(said % {"seconds": process.LONGEST_SECONDS})
    if isinstance(error, NotReady):
        return PreviewWarming(_("The preview is warming up or busy. It comes in a moment."))
    said = _("The preview met an error; nothing was changed. Change a value, or save it and run a backtest.")
    return PreviewUnavailable(said)


def _told(computed: dict[str, Any], question: Question, chosen: Sequence[Series]) -> dict[str, Any]:
    """The answer in the asker's language, with the number of trials on this series and what luck makes of it."""
    doubts = verdict.in_words([*computed["warnings"], *doubts_of_data(chosen, question)])
    trials = question.earlier.count + 1
    luck = math.sqrt(question.earlier.variance) * expected_maximum(trials)
    return {
        "symbol": chosen[0].symbol,
        "timeframe": chosen[0].timeframe,
        "series": chosen[0].pk,
        "legs": [{"symbol": series.symbol, "series": series.pk} for series in chosen],
        "periods_per_year": question.periods_per_year,
        **computed,
        "warnings": [
            {
                "code": doubt.code,
                "label": doubt.label,
                "detail": doubt.words,
                "meaning": doubt.meaning,
                "severe": doubt.severe,
                "problems": list(doubt.problems),
            }
            for doubt in doubts
        ],
        "trials": {"count": trials, "luck": finite(luck * math.sqrt(question.periods_per_year))},
        "configuration": dict(question.configuration),
    }

"""What a training would be, before anybody waits for it: base rates, folds, the number of fits, and what is wrong.

Only outcomes and folds are computed, by numpy: a page asks for this at every change of its form.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from algotrade.errors import LabError
from marketdata.bars import Bars
from marketdata.models import Series
from mlmodels.configuration import TrainingConfiguration, each_fold
from mlmodels.configuration.checks import Problems
from mlmodels.labels import BaseRates, Indices, base_rates
from mlmodels.services.training import understand
from mlmodels.validation import described

MOST_DRAWN = 30
"""Folds beyond which none is drawn: of 250,000 bars each takes milliseconds and megabytes of a web process."""
# One look at a time: a form that is typed into asks again and again, and several looks at once add up in memory.
_looking = threading.Lock()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What can be known before a training.

    base_rates : of the rows it would learn from; None while it is not known which these are
    folds : as a report has them (`validation.described`); empty while there is a problem, or more than 30
    bars, usable_rows : how many bars there are, and how many have features and an outcome
    warmup : bars before the first one with all features
    fits : how many models would be fitted in all
    problems : why it would be refused, by field; empty when it would be accepted
    """

    base_rates: BaseRates | None
    folds: tuple[dict[str, Any], ...]
    bars: int
    usable_rows: int
    warmup: int
    fits: int
    problems: Mapping[str, list[str]]


def foresee(
    user: Any,
    *,
    series: Series | int | None = None,
    start_date: dt.date | None = None,
    end_date: dt.date | None = None,
    **settings: Any,
) -> Foreseen:
    """Look at a training as `submit_training` would, without queueing it; nothing is raised, all problems are told.

    `settings` are those of `TrainingConfiguration`; what is left out takes its default.
    """
    request = understand(user, series, start_date, end_date, settings)
    configuration, problems = request.configuration, dict(request.problems)
    bars = request.bars(problems)
    count = 0 if bars is None else len(bars)
    if configuration is None:
        return Foreseen(None, (), count, 0, 0, 0, problems)
    if bars is not None:
        with _looking:
            return _looked(configuration, bars, problems)
    return Foreseen(None, (), 0, 0, configuration.warmup, configuration.fits, problems)


def _looked(configuration: TrainingConfiguration, bars: Bars, problems: Problems) -> Foreseen:
    problems |= configuration.problems_with(bars)
    count, warmup, fits = len(bars), configuration.warmup, configuration.fits
    if "series" in problems:
        return Foreseen(None, (), count, 0, warmup, fits, problems)
    labels = configuration.labels(bars)
    rates = base_rates(labels, np.arange(warmup, count))
    drawn = not problems and configuration.splits <= MOST_DRAWN
    folds = _folds(configuration, bars, labels.end, problems) if drawn else ()
    return Foreseen(rates, folds, count, rates.rows, warmup, fits, problems)


def _folds(
    configuration: TrainingConfiguration, bars: Bars, ends: Indices, problems: Problems
) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(described(fold, bars.time) for fold in each_fold(configuration, ends))
    except LabError as error:
        problems |= error.fields or {"folds": [error.detail]}
        return ()

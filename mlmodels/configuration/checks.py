"""What can be known to go wrong before anything is trained, by field and with a remedy; costs milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marketdata.bars import Bars
from mlmodels.algorithms import get_algorithm
from mlmodels.algorithms.methods import NONE
from mlmodels.configuration.planning import fewest_training_rows, needed_bars
from mlmodels.features import get_feature
from mlmodels.validation import COMBINATORIAL, NESTED_PARTS, ROLLING, count_splits

if TYPE_CHECKING:
    from mlmodels.configuration.settings import TrainingConfiguration

LARGEST_TRAINING = 250_000
MOST_FITS = 2_000
MOST_SPLITS = 120

Problems = dict[str, list[str]]


def problems_of_settings(asked: TrainingConfiguration) -> Problems:
    """What does not go together, whatever the bars; each setting is within its own bounds already."""
    problems: Problems = {}
    if asked.validation == COMBINATORIAL:
        if asked.test_folds >= asked.folds:
            problems["test_folds"] = [
                f"{asked.test_folds} blocks cannot be tested at once where there are {asked.folds}: at least one has "
                "to train. Test fewer at once or take more folds."
            ]
        elif (splits := count_splits(asked.folds, asked.test_folds)) > MOST_SPLITS:
            problems["test_folds"] = [
                f"Testing {asked.test_folds} of {asked.folds} blocks takes {splits:,} splits; the limit is "
                f"{MOST_SPLITS}. Take fewer folds or test fewer blocks at once."
            ]
    fewest = fewest_training_rows(asked)
    if asked.validation == ROLLING and asked.training_bars < fewest:
        problems["training_bars"] = [
            f"A window of {asked.training_bars} bars is too short: with this horizon, embargo, search and calibration "
            f"{fewest:,} are needed. Take a longer window{_or_divide_less(asked)}."
        ]
    if not problems and asked.fits > MOST_FITS:
        problems["search_trials" if asked.search != "none" else "folds"] = [
            f"This training would fit up to {asked.fits:,} models; the limit is {MOST_FITS:,}. "
            "Take fewer trials or folds."
        ]
    return problems


def problems_with_bars(asked: TrainingConfiguration, bars: Bars) -> Problems:
    """What these bars cannot give; nothing is computed but the outcomes."""
    problems = _problems_of_length(asked, len(bars))
    problems.update(problems_of_volume(asked, bars))
    if problems:
        return problems
    up = asked.labels(bars).up
    known = up[np.isfinite(up)]
    rows = max(0, known.size - asked.warmup)
    if asked.calibration != "none":
        rows -= rows // NESTED_PARTS
    found = get_algorithm(asked.algorithm).problems(asked.hyperparameters, rows)
    problems.update((f"hyperparameters.{name}", [said]) for name, said in found.items())
    if known.size and known.min() == known.max():
        outcome = "gains" if known[0] else "does not gain"
        problems["label"] = [
            f"Every trade of this period {outcome}: there is nothing to tell apart. Take another period or horizon."
        ]
    return problems


def problems_of_volume(asked: TrainingConfiguration, bars: Bars) -> Problems:
    """Features of volume where the bars carry none."""
    if bars.volume.any() or not any(get_feature(name).needs_volume for name in asked.features):
        return {}
    return {"features": ["These bars carry no volume, so volume features have no value. Leave them out."]}


def _problems_of_length(asked: TrainingConfiguration, count: int) -> Problems:
    if count > LARGEST_TRAINING:
        return {
            "series": [
                f"{count:,} bars are more than the {LARGEST_TRAINING:,} one training takes. "
                "Choose a shorter period or a coarser timeframe."
            ]
        }
    if asked.horizon + 1 >= count:
        return {
            "horizon": [
                f"A horizon of {asked.horizon} bars is longer than the data: there are {count:,} bars. "
                "Take a longer period or a shorter horizon."
            ]
        }
    fewest = needed_bars(asked)
    if count >= fewest:
        return {}
    if asked.validation == ROLLING:
        return {
            "training_bars": [
                f"{count:,} bars are too few for {asked.folds} folds with a window of {asked.training_bars:,}: "
                f"{fewest:,} are needed. Take a longer period, a shorter window or fewer folds."
            ]
        }
    return {
        "folds": [
            f"{count:,} bars are too few for {asked.folds} folds at a horizon of {asked.horizon}: "
            f"{fewest:,} are needed. Take a longer period, fewer folds or a shorter horizon{_or_divide_less(asked)}."
        ]
    }


def _or_divide_less(asked: TrainingConfiguration) -> str:
    """What else would help where a search or a calibration divides each training part once more."""
    dividing = [name for name in ("search", "calibration") if getattr(asked, name) != NONE]
    divide = "divide" if len(dividing) > 1 else "divides"
    return (
        f", or leave out the {' and the '.join(dividing)}, which {divide} each training part"
        if dividing
        else ""
    )

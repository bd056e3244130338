"""Which rows train and which are tested, so that nothing trained on knows what is tested. numpy only."""

from mlmodels.validation.combinatorial import combinatorial, count_paths, count_splits, paths
from mlmodels.validation.described import described, said
from mlmodels.validation.folds import Fold, FoldSpans, Span
from mlmodels.validation.nested import INNER_FOLDS, calibration_split, inner_folds
from mlmodels.validation.planning import fewest_training_rows, needed_bars, plan, plan_folds
from mlmodels.validation.walk_forward import rolling, walk_forward

__all__ = [
    "INNER_FOLDS",
    "Fold",
    "FoldSpans",
    "Span",
    "calibration_split",
    "combinatorial",
    "count_paths",
    "count_splits",
    "described",
    "fewest_training_rows",
    "inner_folds",
    "needed_bars",
    "paths",
    "plan",
    "plan_folds",
    "rolling",
    "said",
    "walk_forward",
]

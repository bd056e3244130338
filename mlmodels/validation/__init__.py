"""Which rows train and which are tested, so that nothing trained on knows what is tested. numpy only."""

from mlmodels.validation.combinatorial import (
    combinatorial,
    count_paths,
    count_splits,
    each_combination,
    paths,
)
from mlmodels.validation.described import described, said
from mlmodels.validation.folds import Fold, FoldSpans, Indices, Span
from mlmodels.validation.kinds import COMBINATORIAL, ROLLING, VALIDATIONS, WALK_FORWARD, is_causal
from mlmodels.validation.nested import (
    INNER_FOLDS,
    MIN_NESTED_ROWS,
    NESTED_PARTS,
    calibration_split,
    inner_folds,
)
from mlmodels.validation.walk_forward import rolling, walk_forward

__all__ = [
    "COMBINATORIAL",
    "INNER_FOLDS",
    "MIN_NESTED_ROWS",
    "NESTED_PARTS",
    "ROLLING",
    "VALIDATIONS",
    "WALK_FORWARD",
    "Fold",
    "FoldSpans",
    "Indices",
    "Span",
    "calibration_split",
    "combinatorial",
    "count_paths",
    "count_splits",
    "described",
    "each_combination",
    "inner_folds",
    "is_causal",
    "paths",
    "rolling",
    "said",
    "walk_forward",
]

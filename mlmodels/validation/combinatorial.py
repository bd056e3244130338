"""Combinatorial purged cross-validation: every choice of k of N blocks is tested once.

Each block is tested C(N-1, k-1) times by models trained on other blocks, so that the tests join to as many whole
paths through the period: López de Prado, Advances in Financial Machine Learning, chapter 12.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np

from mlmodels.validation.folds import Fold, Indices, make_fold


def count_splits(blocks: int, tested: int) -> int:
    """C(N, k): how many models it takes."""
    return comb(blocks, tested)


def count_paths(blocks: int, tested: int) -> int:
    """k / N * C(N, k) = C(N-1, k-1): how often each bar is tested, and how many whole paths that makes."""
    return comb(blocks - 1, tested - 1)


def combinatorial(
    label_end: Indices, *, first: int, blocks: int, tested: int, horizon: int, embargo: int = 0
) -> tuple[Fold, ...]:
    """All C(blocks, tested) folds of `each_combination`, which tells the parameters, in its order."""
    return tuple(
        each_combination(
            label_end, first=first, blocks=blocks, tested=tested, horizon=horizon, embargo=embargo
        )
    )


def each_combination(
    label_end: Indices, *, first: int, blocks: int, tested: int, horizon: int, embargo: int = 0
) -> Iterator[Fold]:
    """Make C(blocks, tested) folds one by one, purged on both sides of each test block, the embargo after it.

    Parameters
    ----------
    label_end : ndarray of int64, shape (n_bars,)
        Last bar that each row's outcome looks at; -1 for rows that cannot train.
    first : int
        First bar whose features are complete; the bars from there on are cut into `blocks` equal blocks.
    tested : int
        Blocks tested at once, below `blocks`.
    horizon, embargo : int
        Bars that an outcome looks ahead beside the bar of entry; bars left out after a test block beyond those.

    Returns
    -------
    iterator of Fold
        In the order of `itertools.combinations`.
    """
    edges = np.linspace(first, len(label_end), blocks + 1).astype(np.int64)
    rows = np.flatnonzero(label_end >= 0).astype(np.int64)
    rows = rows[rows >= first]
    for number, chosen in enumerate(combinations(range(blocks), tested), start=1):
        yield make_fold(
            number,
            rows,
            label_end,
            [(int(edges[block]), int(edges[block + 1]) - 1) for block in chosen],
            chosen,
            horizon=horizon,
            after=embargo,
        )


def paths(folds: tuple[Fold, ...]) -> Indices:
    """Which fold predicts each block on each path.

    Returns
    -------
    ndarray of int64, shape (n_paths, n_blocks)
        Indices into `folds`. Path j takes for each block the j-th fold that tested it.
    """
    tests: dict[int, list[int]] = {}
    for index, fold in enumerate(folds):
        for block in fold.blocks:
            tests.setdefault(block, []).append(index)
    return np.array([tests[block] for block in sorted(tests)], dtype=np.int64).T

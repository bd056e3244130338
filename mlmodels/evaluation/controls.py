"""What a procedure finds where there is nothing to find; a report stands beside these.

A control that does better or worse than chance allows says that the procedure, and not the market, makes the scores.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.evaluation.overlap import mean_error, relied_on
from mlmodels.evaluation.scoring import standard_error
from mlmodels.evaluation.vocabulary import ControlKey
from mlmodels.labels import Labels

Floats: TypeAlias = NDArray[np.float64]

BAND_ERRORS = 3.5
"""Standard errors that a control may lie away from chance. Beyond lies one honest one in 2,000 where outcomes do not
overlap; where they do the error is estimated, up to a fifth too small, and it is one in some hundreds."""
BLOCKS_AT_LEAST = 20


@dataclass(frozen=True, slots=True)
class Control:
    """One control: what it scored, the band it should lie in, and whether it did. None: does not apply.

    The band is one of the accuracy; of `buy_and_hold` one of the net return, in which the prices' own lies.
    `passed` is None where the control could not be had, for the reason in `note`, and where it cannot fail.
    """

    key: ControlKey
    accuracy: float | None = None
    accuracy_error: float | None = None
    base_rate: float | None = None
    log_loss: float | None = None
    net_return: float | None = None
    sharpe: float | None = None
    low: float | None = None
    high: float | None = None
    passed: bool | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def chance_band(
    probability: Floats,
    up: Floats,
    fold: NDArray[np.int64],
    effective_rows: float,
    *,
    overlap: int = 0,
    passes: int = 1,
) -> tuple[float, float]:
    """Accuracy that predictions reach which know nothing: its mean and 3.5 standard errors on both sides.

    Parameters
    ----------
    probability, up, fold : ndarray, shape (n_predictions,)
        No NaN; `fold` tells which predictions one model made.
    effective_rows : float
        Independent outcomes that the predictions amount to.
    overlap, passes : int
        As for `scoring.score`.

    Notes
    -----
    Who says "up" for a share q of rows of which a share p goes up, and knows nothing, is right in q p + (1-q)(1-p)
    of them. That is taken fold by fold, because a later fold's model may well have learned what share was usual. What
    is left, 2 (said - q) (went up - p) at each row, has the error of a mean of overlapping rows.
    """
    expected, left = 0.0, np.empty(len(up))
    for number in np.unique(fold):
        rows = fold == number
        answers = probability[rows] > 0.5
        said, happened = float(answers.mean()), float(up[rows].mean())
        left[rows] = 2.0 * (answers - said) * (up[rows] - happened)
        expected += float(rows.mean()) * (said * happened + (1.0 - said) * (1.0 - happened))
    count = len(up) // passes
    error = standard_error(0.5, count if overlap and relied_on(count, overlap) else effective_rows)
    if overlap:
        error = max(error, mean_error(left.reshape(passes, count).mean(axis=0), overlap))
    reach = BAND_ERRORS * error
    return max(0.0, float(expected - reach)), min(1.0, float(expected + reach))


def shuffled(labels: Labels, seed: int | np.random.Generator, *, horizon: int = 1) -> Labels:
    """The same outcomes in another order: whatever a model learns from these is chance.

    Outcomes over several bars overlap with their neighbours'. They are moved in blocks of several horizons, so that
    the overlap stays: a procedure that forgets to purge is caught here.
    """
    known = np.flatnonzero(labels.known)
    length = 1 if horizon == 1 else max(horizon, min(5 * horizon, known.size // BLOCKS_AT_LEAST))
    order = np.random.default_rng(seed).permutation(-(-known.size // length))
    places = (order[:, np.newaxis] * length + np.arange(length)).ravel()
    source = known[places[places < known.size]]  # the last block is shorter
    up, returns = labels.up.copy(), labels.returns.copy()
    up[known], returns[known] = labels.up[source], labels.returns[source]
    return replace(labels, up=up, returns=returns)


def random_walk_twin(bars: Bars, seed: int | np.random.Generator) -> Bars:
    """Bars of the same length, times and volatility whose returns are independent draws: nothing can be foreseen.

    Logarithmic gaps (last close to open) and moves (open to close) are normal, without drift, with the deviations of
    the real ones, scaled so that the deviation from close to close is the real one, too. How far a bar reaches beyond
    open and close, and its volume, are those of a real bar drawn without replacement.
    """
    count, rng = len(bars), np.random.default_rng(seed)
    log_open, log_close = np.log(bars.open), np.log(bars.close)
    gap, move = float((log_open[1:] - log_close[:-1]).std()), float((log_close - log_open).std())
    whole = float(np.diff(log_close).std())
    scale = whole / np.hypot(gap, move) if gap or move else 0.0
    gaps, moves = (scale * size * rng.standard_normal(count) for size in (gap, move))
    closes = log_close[0] + np.cumsum(gaps + moves)
    opened, closed = np.exp(closes - moves), np.exp(closes)
    drawn = rng.permutation(count)
    above = (bars.high / np.maximum(bars.open, bars.close))[drawn]
    below = (bars.low / np.minimum(bars.open, bars.close))[drawn]
    high, low = np.maximum(opened, closed) * above, np.minimum(opened, closed) * below
    return Bars(time=bars.time, open=opened, high=high, low=low, close=closed, volume=bars.volume[drawn])

"""What is known of a cell between two of its trades, and the terms of its account, as plain numbers in registers."""

from typing import NamedTuple

import numpy as np
from numba import literal_unroll
from numpy.typing import NDArray

from backtests.optimize.accounts import (
    COMMISSION,
    HAS_EXITS,
    IMPACT,
    LIQUIDATE,
    SHORT,
    SIZE,
    STOP_LOSS,
    TAKE_PROFIT,
)
from backtests.optimize.compiled import part

Floats = NDArray[np.float64]

# Columns of the stored state: the fields of `State`, then the target, the last bits of the comparison, and the flag.
WANTED, ABOVE, BELOW, FLAG = range(16, 20)
STATE_SIZE = 20


class State(NamedTuple):
    """A cell between two bars. Money is a multiple of the starting capital.

    `peak` and `deepest` (a share of the peak) are of the marks so far, `sum`, `squares` and `falls` of the returns.
    Of an open position: `side`, `entry` bar, price `paid`, and the account's value `base + slope * close` per cash.
    """

    cash: float
    sum: float
    squares: float
    falls: float
    peak: float
    deepest: float
    trades: float
    wins: float
    won: float
    lost: float
    held: float
    side: float
    entry: float
    base: float
    slope: float
    paid: float


class Terms(NamedTuple):
    """What an account trades at."""

    commission: float
    impact: float
    size: float
    floor: float
    liquidate: bool
    watched: bool
    stop_loss: float
    take_profit: float


@part
def terms_nb(accounts: Floats, a: int) -> Terms:
    return Terms(
        accounts[a, COMMISSION],
        accounts[a, IMPACT],
        accounts[a, SIZE],
        -accounts[a, SHORT],
        accounts[a, LIQUIDATE] > 0.0,
        accounts[a, HAS_EXITS] > 0.0,
        accounts[a, STOP_LOSS],
        accounts[a, TAKE_PROFIT],
    )


@part
def begin_nb() -> State:
    return State(1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@part
def load_nb(s: Floats, c: int) -> State:
    return State(
        s[c, 0],
        s[c, 1],
        s[c, 2],
        s[c, 3],
        s[c, 4],
        s[c, 5],
        s[c, 6],
        s[c, 7],
        s[c, 8],
        s[c, 9],
        s[c, 10],
        s[c, 11],
        s[c, 12],
        s[c, 13],
        s[c, 14],
        s[c, 15],
    )


@part
def save_nb(s: Floats, c: int, state: State) -> None:
    for i, value in enumerate(literal_unroll(state)):
        s[c, i] = value


@part
def marked_nb(value: float, peak: float, deepest: float) -> tuple[float, float]:
    """(peak, deepest) after one more value of the account."""
    if value > peak:
        return value, deepest
    if value < deepest * peak:
        return peak, value / peak
    return peak, deepest


@part
def closed_nb(state: State, bar: int, gain: float, value: float, held: float) -> State:
    """The state after an exit within `bar`, where the account was worth `value` at the close before."""
    r = (1.0 + gain) / value - 1.0
    fall = min(r, 0.0)
    profit = gain * state.cash
    cash = state.cash * (1.0 + gain)
    peak, deepest = marked_nb(cash, state.peak, state.deepest)
    return State(
        cash,
        state.sum + r,
        state.squares + r * r,
        state.falls + fall * fall,
        peak,
        deepest,
        state.trades + 1.0,
        state.wins + (profit > 0.0),
        state.won + max(profit, 0.0),
        state.lost + min(profit, 0.0),
        state.held + held,
        0.0,
        float(bar),
        0.0,
        0.0,
        0.0,
    )

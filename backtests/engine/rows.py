"""Compiled passes that make what people read of a run from its records, when they ask for it."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel
from backtests.engine.kernels import END, MARGIN, RUIN, Floats, Places


@kernel
def quantity_nb(
    entry: Places, leave: Places, reason: Places, qty: Floats, ruined_at_close: bool, out: Floats
) -> None:
    """Write what each trade held at the closes from its entry on; at its last bar only if it was left at the close."""
    for i in range(len(qty)):
        last = leave[i] + (reason[i] == END or (reason[i] == RUIN and ruined_at_close))
        for t in range(entry[i], last):
            out[t] = qty[i]


@kernel
def excursions_nb(
    high: Floats,
    low: Floats,
    bars: Places,
    values: Floats,
    at_close: bool,
    to_the_end: bool,
    out: Floats,
    first: int,
    after: int,
) -> None:
    """Write how far each trade from `first` to before `after` went against the account, and how far along with it.

    Its last bar counts where it was open to the close: with fills at the close (`at_close`) all but those that a margin
    call left at an open, and `to_the_end` tells that of a ruin.
    Highs and lows are compared as the bits of numbers above 0, which are in the order of the numbers: of integers the
    compiler compares several at once.
    """
    highs, lows = high.view(np.int64), low.view(np.int64)
    for i in range(first, after):
        entry, leave, reason = bars[0, i], bars[1, i], bars[2, i]
        whole = to_the_end if reason == RUIN else reason == END or (at_close and reason != MARGIN)
        tops, bottoms = highs[entry + at_close : leave + whole], lows[entry + at_close : leave + whole]
        top = bottom = np.float64(values[0, i]).view(np.int64)
        for t in range(len(tops)):
            top, bottom = max(top, tops[t]), min(bottom, bottoms[t])
        highest, lowest = np.int64(top).view(np.float64), np.int64(bottom).view(np.float64)
        price, left = values[0, i], values[1, i]
        highest, lowest = max(highest, left), min(lowest, left)
        is_long = values[2, i] > 0.0
        out[0, i] = lowest - price if is_long else price - highest
        out[1, i] = highest - price if is_long else price - lowest


@kernel
def trade_rows_nb(
    time: NDArray[np.datetime64],
    bars: Places,
    values: Floats,
    excursions: Floats,
    reasons: NDArray[np.str_],
    rows: NDArray[np.void],
    first: int,
    after: int,
) -> None:
    """Write one readable row a trade, of those from `first` to before `after`.

    Column by column with numpy takes six times as long.
    """
    for i in range(first, after):  # alone, the reads of times that lie far apart wait side by side
        rows[i]["entry_time"] = time[bars[0, i]]
        rows[i]["exit_time"] = time[bars[1, i]]
    for i in range(first, after):
        row = rows[i]
        entry, leave = bars[0, i], bars[1, i]
        row["entry_bar"] = entry
        row["exit_bar"] = leave
        row["entry_price"] = values[0, i]
        row["exit_price"] = values[1, i]
        row["qty"] = values[2, i]
        row["gross"] = values[3, i]
        row["fees"] = values[4, i]
        row["borrow"] = values[5, i]
        row["pnl"] = values[6, i]
        row["ret"] = values[7, i]
        row["bars_held"] = leave - entry
        row["mae"] = excursions[0, i]
        row["mfe"] = excursions[1, i]
        row["reason"] = reasons[bars[2, i]]

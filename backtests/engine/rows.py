"""Compiled passes that turn the records of a run into what people read."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel
from backtests.engine.kernels import END, RUIN, Floats, Places


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
def trade_rows_nb(
    time: NDArray[np.datetime64],
    bars: Places,
    values: Floats,
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
        row["mae"] = values[8, i]
        row["mfe"] = values[9, i]
        row["reason"] = reasons[bars[2, i]]

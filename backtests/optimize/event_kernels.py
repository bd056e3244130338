"""The loops of sweeps that trade lists of changes: crossings of lines found 64 bars at a time, or given orders."""

import numpy as np
from numpy.typing import NDArray

from backtests.optimize.accounts import CAPITAL
from backtests.optimize.compiled import kernel, part
from backtests.optimize.event_state import ABOVE, BELOW, FLAG, WANTED, begin_nb, load_nb, save_nb, terms_nb
from backtests.optimize.event_trades import finish_nb, turn_nb
from backtests.optimize.vectors import WORD, compare_bar, compare_coarse, compare_word, first_one, ones

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Addresses = NDArray[np.uint64]
Words = NDArray[np.uint64]
Places = NDArray[np.int32]
Sides = NDArray[np.int8]

FEW = 4
"""Bars of a word that are compared one by one; more are compared with all of the word."""


@part
def crossings_nb(
    rows: Addresses,
    steps: Addresses,
    fast: int,
    slow: int,
    both: int,
    begin: int,
    end: int,
    above: np.uint64,
    below: np.uint64,
    marks: Words,
) -> tuple[int, np.uint64, np.uint64]:
    """Find the crossings of two lines 64 bars at a time: write (bar, bits of crossings, of those upwards) of each
    word that has some. Returns how many, and the last bar's bits, which the next word needs."""
    one = np.uint64(1)
    fast_row, slow_row, fast_steps, slow_steps = rows[fast], rows[slow], steps[fast], steps[slow]
    count = 0
    for bar in range(begin, end, WORD):
        over, under = compare_coarse(fast_steps, slow_steps, bar)
        unsure = ~(over | under)
        if unsure:
            if ones(unsure) > FEW:
                over, under = compare_word(fast_row, slow_row, bar)
            else:
                while unsure:
                    bit = first_one(unsure)
                    unsure &= unsure - one
                    more, less = compare_bar(fast_row, slow_row, bar + bit)
                    over |= more << np.uint64(bit)
                    under |= less << np.uint64(bit)
        up = over & ~((over << one) | above)
        events = up | (under & ~((under << one) | below))
        above, below = over >> np.uint64(63), under >> np.uint64(63)
        marks[0, count], marks[1, count], marks[2, count] = np.uint64(bar), events, up
        count += events != 0
    if count > 0 and marks[0, 0] <= both:
        # A crossing needs both rows at the bar before.
        marks[1, 0] &= ~(((one << (np.uint64(both) - marks[0, 0])) << one) - one)
    return count, above, below


@kernel
def sweep_crossings_nb(
    market: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    blocks: Floats,
    rows: Addresses,
    steps: Addresses,
    known: Ints,
    pairs: Ints,
    accounts: Floats,
    account_of: Ints,
    cells: Ints,
    tile: int,
    periods_per_year: float,
    marks: Words,
    s: Floats,
    out: Floats,
) -> None:
    """Trade the crossings of each pair of rows; the time axis is walked in tiles, whose steps stay in the cache.

    Parameters
    ----------
    market : ndarray, shape (n_bars, MARKET_COLUMNS)
    high, low, close : ndarray, shape (n_bars + at least 8,)
    blocks : ndarray, shape (levels, n_bars // BLOCK, 3)
    rows, steps, known : ndarray, shape (n_rows,)
        Where in memory each line begins (n_bars values above 0 and padding to a multiple of 64; NaN before its first
        value and in the padding) and its steps (see `coarse`), and its first bar with a value.
    pairs : ndarray, shape (n_pairs, 2)
        Rows to compare.
    accounts, account_of : ndarray, shapes (n_accounts, COLUMNS) and (n_pairs,)
    cells : ndarray, shape (n_pairs,)
        Columns of `out` to write to.
    tile : int
        Bars, a multiple of 64. The figures do not depend on it.
    marks : ndarray, shape (3, at least the words of 64 bars in a tile)
        Scratch.
    s : ndarray, shape (n_pairs, STATE_SIZE)
        Scratch; afterwards `FLAG` of a pair is 1 where its figures are not to be believed.
    out : ndarray, shape (12, n_cells)
    """
    n = len(market)
    for start in range(0, max(n - 1, 1), tile):
        end = min(start + tile, n - 1)
        for c in range(len(pairs)):
            fast, slow = pairs[c, 0], pairs[c, 1]
            both = max(known[fast], known[slow])
            state, unclear, want = begin_nb(), False, 0.0
            above = below = np.uint64(0)
            if start > 0:
                above, below = np.uint64(s[c, ABOVE]), np.uint64(s[c, BELOW])
            begin = max(start, both - both % WORD)
            count, above, below = crossings_nb(rows, steps, fast, slow, both, begin, end, above, below, marks)
            if end < n - 1:
                s[c, ABOVE], s[c, BELOW] = float(above), float(below)
                if count == 0 and start > 0:
                    continue
            if start > 0:
                state, unclear, want = load_nb(s, c), s[c, FLAG] > 0.0, s[c, WANTED]
            terms = terms_nb(accounts, account_of[c])
            for i in range(count):
                bar, events, up = np.int64(marks[0, i]), marks[1, i], marks[2, i]
                while events:
                    bit = first_one(events)
                    events &= events - np.uint64(1)
                    side = 1.0 if (up >> np.uint64(bit)) & np.uint64(1) else terms.floor
                    if side != want and bar + bit < n - 1:
                        want = side
                        state, unsure = turn_nb(
                            state, market, high, low, close, blocks, bar + bit + 1, side, terms
                        )
                        unclear |= unsure
            if end == n - 1:
                capital = accounts[account_of[c], CAPITAL]
                unclear |= finish_nb(
                    state, market, high, low, close, blocks, capital, terms, periods_per_year, out, cells[c]
                )
            else:
                save_nb(s, c, state)
                s[c, WANTED] = want
            s[c, FLAG] = 1.0 if unclear else 0.0


@kernel
def sweep_orders_nb(
    market: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    blocks: Floats,
    decided: Places,
    wanted: Sides,
    accounts: Floats,
    account_of: Ints,
    cells: Ints,
    periods_per_year: float,
    s: Floats,
    out: Floats,
) -> None:
    """Trade the same orders in each of several accounts. Shapes as in `sweep_crossings_nb`.

    Parameters
    ----------
    decided, wanted : ndarray, shape (n_orders,)
        Bars at whose close the target changes, and to what, shorts included.
    """
    n = len(market)
    for c in range(len(account_of)):
        terms = terms_nb(accounts, account_of[c])
        state, unclear, want = begin_nb(), False, 0.0
        for i in range(len(decided)):
            side = max(float(wanted[i]), terms.floor)
            if side != want and decided[i] < n - 1:
                want = side
                state, unsure = turn_nb(state, market, high, low, close, blocks, decided[i] + 1, side, terms)
                unclear |= unsure
        capital = accounts[account_of[c], CAPITAL]
        unclear |= finish_nb(
            state, market, high, low, close, blocks, capital, terms, periods_per_year, out, cells[c]
        )
        s[c, FLAG] = 1.0 if unclear else 0.0


@kernel
def crossing_orders_nb(
    fast: np.uint64, slow: np.uint64, both: int, n: int, floor: int, decided: Places, wanted: Sides
) -> int:
    """Write the orders of the crossings of two lines and return how many; `floor` is -1, or 0 without shorts."""
    one = np.uint64(1)
    above = below = np.uint64(0)
    count = side = 0
    for bar in range(both - both % WORD, n, WORD):
        over, under = compare_word(fast, slow, bar)
        up = over & ~((over << one) | above)
        events = up | (under & ~((under << one) | below))
        above, below = over >> np.uint64(63), under >> np.uint64(63)
        if bar <= both:
            events &= ~(((one << np.uint64(both - bar)) << one) - one)
        while events:
            bit = first_one(events)
            events &= events - one
            new = 1 if (up >> np.uint64(bit)) & one else floor
            if new != side:
                decided[count] = bar + bit
                wanted[count] = new
                count += 1
                side = new
    return count

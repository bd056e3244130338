"""One piece of a sweep for one thread: cells that share lines or a target, from numbers to figures."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import InvalidInput
from backtests.engine import kernels as engine
from backtests.engine.simulator import simulate
from backtests.optimize import bar_kernels, event_kernels, event_market, event_state
from backtests.optimize.accounts import SHORT, SIZING
from backtests.optimize.cells import Batch, Cells, Crossings, Request
from backtests.optimize.distinct import kinds_of
from backtests.optimize.lines import Lent, LineStore
from backtests.optimize.vectors import LANES, WORD
from marketdata.bars import Bars

Floats = NDArray[np.float64]

_TILE_BYTES = 256 * 1024
"""Of the steps of the lines one task walks through at a time: a quarter of a core's second-level cache."""
_BLOCK = 64
_PAIRS = 2560
_BAR_PAIRS = 200_000_000
"""Bars times pairs of one task: some tens of milliseconds, so that progress moves and threads end together."""
_LINES = 160
"""Of all pairs of a task: more than are stored at a time would lie in memory beside them."""
_BAR_CELLS = 25_000_000
"""The same where every bar held is computed."""
_SHORT = 2**14
"""Bars up to which the lines of a task take less time than the work of Python around them."""
_NONE = np.empty(0)


class Ground:
    """The bars as the kernels take them, prepared once for a sweep, and a place for its figures."""

    def __init__(self, bars: Bars, request: Request, out: Floats) -> None:
        n = len(bars)
        self.bars, self.request, self.out = bars, request, out
        self.high, self.low, self.close = (_padded(column) for column in (bars.high, bars.low, bars.close))
        self.market, self.blocks = event_market.empty_market(n)
        event_market.fill_market_nb(bars.open, bars.close, self.market, self.blocks)
        self._estimates: dict[tuple[Any, ...], Floats] = {}
        self._states: dict[int, Floats] = {}

    def estimate(self, batch: Batch, number: int) -> Floats:
        """What the sizing of these accounts must know at each close."""
        if number < 0:
            return _NONE
        config = batch.accounts.configs[number]
        key = (config.sizing, config.volatility_window, config.atr_window)
        if key not in self._estimates:
            out, bars = np.empty(len(self.bars)), self.bars
            if config.sizing == "vol_target":
                scale = math.sqrt(self.request.periods_per_year)
                engine.volatility_nb(bars.close, config.volatility_window, scale, out)
            else:
                engine.average_true_range_nb(bars.high, bars.low, bars.close, config.atr_window, out)
            self._estimates[key] = out
        return self._estimates[key]

    def states(self, worker: int, pairs: int) -> Floats:
        """Room for the states of the pairs of a task; new pages for each would cost as much as a tenth of it."""
        if worker not in self._states or len(self._states[worker]) < pairs:
            self._states[worker] = np.empty((pairs, event_state.STATE_SIZE))
        return self._states[worker][:pairs]

    def scratch(self) -> tuple[Floats, Floats]:
        """Room for the sums and the equity of one cell."""
        return np.empty(bar_kernels.TALLY_SIZE), np.empty(len(self.bars) + LANES + 1)

    @property
    def prices(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.bars.open, self.bars.high, self.bars.low, self.bars.close


def _padded(column: Floats) -> Floats:
    """A column that vectors may be read from beyond its end."""
    return np.concatenate((column, np.full(LANES + 1, column[-1])))


def crossing_tasks(found: Crossings, bars: int) -> Iterator[NDArray[np.int64]]:
    """Places in `found`, in pieces whose pairs share few lines: squares of some fast and some slow ones."""
    size = min(max(_BAR_PAIRS // bars, WORD), _PAIRS)
    side = min(math.isqrt(size), _BLOCK)
    (fast, _), (slow, columns) = (_blocks_of(keys, side) for keys in (found.fast, found.slow))
    square = fast * columns + slow
    order = np.argsort(square.astype(np.min_scalar_type(int(square.max(initial=0)))), kind="stable")
    square = square[order]
    starts = np.flatnonzero(square[1:] != square[:-1]) + 1
    begin = lines = 0
    for end, after in pairwise((0, *starts.tolist(), len(order))):
        more = 2 * min(after - end, side)
        if begin < end and (lines + more > _LINES or after - begin > size):
            yield from _pieces(order[begin:end], size)
            begin, lines = end, 0
        lines += more
    yield from _pieces(order[begin:], size)


def _blocks_of(keys: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], int]:
    """The block of each key, at most `most` different keys to a block and about as many in each; how many blocks."""
    kinds, place = kinds_of(keys)
    blocks = -(-len(kinds) // most)
    return place * blocks // max(len(kinds), 1), blocks


def _pieces(places: NDArray[np.int64], most: int) -> Iterator[NDArray[np.int64]]:
    """The places in pieces of about the same size, so that threads end together."""
    size = -(-len(places) // max(-(-len(places) // most), 1))
    for first in range(0, len(places), max(size, 1)):
        yield places[first : first + size]


class CrossingWork:
    """Trades pairs of lines: by their crossings where the account allows it, else bar by bar."""

    def __init__(self, ground: Ground, batch: Batch, found: Crossings, lines: LineStore, first: int) -> None:
        self.ground, self.batch, self.found, self.lines, self.first = ground, batch, found, lines, first
        self.quick = batch.accounts.tradable_by_events()
        # One thread prepares while another trades; side by side they would wait for the interpreter at every step,
        # and compute the same lines.
        turns = len(ground.bars) <= _SHORT
        self._preparing: AbstractContextManager[Any] = threading.Lock() if turns else nullcontext()

    def __call__(self, places: NDArray[np.int64], worker: int = 0) -> int:
        """Compute the cells at these places of `found`; return how many."""
        with ExitStack() as kept:
            with self._preparing:
                keys, rows_of_both = kinds_of(
                    np.concatenate((self.found.fast[places], self.found.slow[places]))
                )
                lent = kept.enter_context(self.lines.lent(keys))
                pairs = np.ascontiguousarray(rows_of_both.reshape(2, -1).T)
                cells = self.found.cells[places]
                account_of = self.batch.account_of[cells]
                quick = self.quick[account_of]
                chosen, rest = np.flatnonzero(quick), np.flatnonzero(~quick)
                given = pairs[chosen], account_of[chosen], cells[chosen]
            if chosen.size:
                flagged = self._events(lent, *given, worker)
                rest = np.concatenate((rest, chosen[flagged]))
            if rest.size:
                self._bars(lent, pairs[rest], account_of[rest], cells[rest])
        return len(places)

    def _events(
        self, lent: Lent, pairs: Cells, account_of: Cells, cells: Cells, worker: int
    ) -> NDArray[np.int64]:
        """Trade by events; return the places the kernel could not tell for certain."""
        ground = self.ground
        tile = max(_TILE_BYTES // (2 * len(lent.rows)) // WORD * WORD, 4 * WORD)
        marks = np.empty((3, min(tile, len(ground.bars)) // WORD + 1), dtype=np.uint64)
        state = ground.states(worker, len(pairs))
        event_kernels.sweep_crossings_nb(
            ground.market,
            ground.high,
            ground.low,
            ground.close,
            ground.blocks,
            lent.rows,
            lent.steps,
            lent.known,
            pairs,
            self.batch.accounts.table,
            account_of,
            cells + self.first,
            tile,
            ground.request.periods_per_year,
            marks,
            state,
            ground.out,
        )
        return np.flatnonzero(state[:, event_state.FLAG])

    def _bars(self, lent: Lent, pairs: Cells, account_of: Cells, cells: Cells) -> None:
        ground = self.ground
        n = len(ground.bars)
        decided, wanted = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int8)
        kinds = self.batch.accounts.estimate[account_of]
        for number in np.unique(kinds).tolist():
            same = kinds == number
            bar_kernels.sweep_crossing_bars_nb(
                *ground.prices,
                lent.rows,
                lent.known,
                pairs[same],
                ground.estimate(self.batch, number),
                self.batch.accounts.table,
                account_of[same],
                cells[same] + self.first,
                ground.request.periods_per_year,
                decided,
                wanted,
                *ground.scratch(),
                ground.out,
            )


@dataclass(frozen=True, eq=False)
class Decisions:
    """What one strategy wants: (bars, directions) with shorts and without, and the share of cash if it has a view."""

    both: tuple[NDArray[np.int32], NDArray[np.int8]]
    long_only: tuple[NDArray[np.int32], NDArray[np.int8]]
    share: Floats | None


class TargetWork:
    """Trades the targets of strategies, each computed once however many accounts trade it."""

    def __init__(
        self, ground: Ground, batch: Batch, combos: list[dict[str, Any]], groups: list[Cells], first: int
    ):
        self.ground, self.batch, self.combos, self.groups, self.first = ground, batch, combos, groups, first
        self.quick = batch.accounts.tradable_by_events()
        self.valid = np.zeros(len(batch.account_of), dtype=np.bool_)
        self._made: dict[int, Decisions | None] = {}
        self._locks = [threading.Lock() for _ in combos]
        self._size = max(_BAR_CELLS // 5 // len(ground.bars), 16)
        self._left = [-(-len(cells) // self._size) for cells in groups]

    def tasks(self) -> Iterator[tuple[int, Cells]]:
        """Pieces of one combination each; a combination of many accounts has several."""
        for combo, cells in enumerate(self.groups):
            for first in range(0, len(cells), self._size):
                yield combo, cells[first : first + self._size]

    def __call__(self, task: tuple[int, Cells], worker: int = 0) -> int:
        """Compute these cells of one combination; return how many."""
        combo, cells = task
        with self._locks[combo]:
            if combo not in self._made:
                self._made[combo] = self._decisions(self.combos[combo])
            decisions = self._made[combo]
            self._left[combo] -= 1
            if not self._left[combo]:
                del self._made[combo]
        if decisions is not None:
            self.valid[cells] = True
            self._trade(decisions, cells)
        return len(cells)

    def _decisions(self, combo: dict[str, Any]) -> Decisions | None:
        ground = self.ground
        try:
            strategy = ground.request.strategy(combo)
        except InvalidInput:
            return None
        bars = ground.bars
        target = np.ascontiguousarray(strategy.target(bars), dtype=np.float64)
        share = strategy.size(bars)
        if target.shape != (len(bars),) or share is not None:
            # The engine says what is wrong with them.
            simulate(bars, target, ground.request.config, size=share)
        orders = []
        for short in (True, False):
            decided, wanted = np.empty(len(bars), dtype=np.int32), np.empty(len(bars), dtype=np.int8)
            values = target.view()
            values.flags.writeable = False
            different = engine.changes_nb(values, 0, len(bars), decided)
            bad, count, _ = engine.orders_nb(values, short, different, decided, wanted)
            if bad >= 0:
                simulate(bars, target, ground.request.config)
            orders.append((decided[:count].copy(), wanted[:count].copy()))
        return Decisions(orders[0], orders[1], None if share is None else np.array(share, dtype=np.float64))

    def _trade(self, decisions: Decisions, cells: Cells) -> None:
        account_of = self.batch.account_of[cells]
        quick = self.quick[account_of] & (decisions.share is None)
        slowly = [np.flatnonzero(~quick)]
        chosen = np.flatnonzero(quick)
        if chosen.size:
            state = np.empty((len(chosen), event_state.STATE_SIZE))
            event_kernels.sweep_orders_nb(
                self.ground.market,
                self.ground.high,
                self.ground.low,
                self.ground.close,
                self.ground.blocks,
                *decisions.both,
                self.batch.accounts.table,
                account_of[chosen],
                cells[chosen] + self.first,
                self.ground.request.periods_per_year,
                state,
                self.ground.out,
            )
            slowly.append(chosen[state[:, event_state.FLAG] > 0.0])
        rest = np.concatenate(slowly)
        if rest.size:
            self._bars(decisions, cells[rest], account_of[rest])

    def _bars(self, decisions: Decisions, cells: Cells, account_of: Cells) -> None:
        ground, table = self.ground, self.batch.accounts.table
        if decisions.share is not None:
            table = table.copy()
            table[:, SIZING] = engine.GIVEN_SHARE
        kinds = 2 * self.batch.accounts.estimate[account_of] + (table[account_of, SHORT] > 0.0)
        for kind in np.unique(kinds).tolist():
            same = kinds == kind
            share = decisions.share
            bar_kernels.sweep_bars_nb(
                *ground.prices,
                *(decisions.both if kind % 2 else decisions.long_only),
                ground.estimate(self.batch, kind // 2) if share is None else share,
                table,
                account_of[same],
                cells[same] + self.first,
                ground.request.periods_per_year,
                *ground.scratch(),
                ground.out,
            )

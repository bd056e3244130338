"""The compiled loop over an account with several symbols. Like `kernels.py`, nothing raises: see docs/portfolio.md."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating, part
from backtests.engine.portfolio_books import (
    BORROW,
    BORROW_TOTAL,
    CASH,
    END,
    EXACT,
    HIGHEST,
    LOWEST,
    MARK,
    MARKED,
    NO_QUANTITY,
    NOTHING,
    ORDER,
    ORDERS,
    QTY,
    REBALANCE,
    REST,
    ROUNDING,
    RUINED,
    SIGNAL,
    TOO_COSTLY,
    TRADES,
    WEIGHTS,
    Books,
    Floats,
    Rules,
    fee_nb,
    forgive_nb,
    increase_nb,
    marked_nb,
    reduce_nb,
    reject_nb,
    ruin_nb,
    with_room_nb,
    worth_nb,
)


@part
def affordable_nb(gains: Floats, prices: Floats, value: float, gross: float, rules: Rules) -> float:
    """The share, 0 to 1, of all increases after which gross <= leverage * value, fees and slippage paid.

    Cost rises with the share along a convex line of straight pieces (each fee has its minimum), so that Newton's
    steps from 1 downward end on the root itself.
    """
    more = 0.0
    for i in range(len(gains)):
        if gains[i] != 0.0:
            more += abs(gains[i]) * prices[i]
    if more == 0.0:
        return 1.0
    share = 1.0
    for _ in range(len(gains) + 2):
        fees, slope = 0.0, more * (1.0 + rules.leverage * rules.impact)
        for i in range(len(gains)):
            if gains[i] == 0.0:
                continue
            side = 1.0 if gains[i] > 0.0 else -1.0
            full = abs(gains[i]) * prices[i] * (1.0 + side * rules.impact) * rules.commission
            fee = share * full + rules.commission_fixed
            if fee >= rules.commission_min:
                slope += rules.leverage * full
            else:
                fee = rules.commission_min
            fees += fee
        left = value - share * more * rules.impact - fees
        excess = gross + share * more - rules.leverage * left
        if excess <= EXACT * value:
            return share
        share -= excess / slope
        if share <= 0.0:
            return 0.0
    return share


@part
def reduce_all_nb(
    books: Books, bar: int, opens: Floats, prices: Floats, value: float, gains: Floats, rules: Rules
) -> bool:
    """Fill what lowers a position, write what raises one to `gains`; return whether a reduction still waits."""
    delayed = False
    for i in range(len(prices)):
        gains[i] = 0.0
        waiting = books.waiting[i]
        if waiting == NOTHING:
            continue
        price, held = prices[i], books.positions[i, QTY]
        if np.isnan(opens[i]):
            if held != 0.0 and waiting == ORDER:
                goal = books.wanted[i] * rules.invested * value / price
                delayed = delayed or goal * held <= 0.0 or abs(goal) < abs(held) * (1.0 - ROUNDING)
            continue
        goal = books.wanted[i] * rules.invested * value / price
        if rules.whole_units:
            goal = np.trunc(goal * (1.0 + EXACT))
            if goal == 0.0 and held == 0.0 and books.wanted[i] != 0.0:
                reject_nb(books, i, bar, price, books.wanted[i], NO_QUANTITY, rules)
        change = goal - held
        books.waiting[i] = NOTHING
        if abs(change) <= ROUNDING * max(abs(goal), abs(held)):
            continue
        kept = goal * held > 0.0
        if kept and abs(change) * price < rules.min_trade * value:
            continue
        lowers = held != 0.0 and (not kept or abs(goal) < abs(held))
        if lowers and waiting == REST:
            continue
        if lowers:
            units = abs(change) if kept else abs(held)
            reduce_nb(books, i, bar, price, units, REBALANCE if kept else SIGNAL, rules)
            change = 0.0 if kept else goal
        gains[i] = change
    return delayed


@part
def trade_nb(books: Books, bar: int, opens: Floats, prices: Floats, gains: Floats, rules: Rules) -> None:
    """Fill the orders of the symbols that have a bar now: what lowers a position first, then what raises one."""
    value, _ = worth_nb(books.positions, books.account[CASH], prices)
    if value <= 0.0:
        ruin_nb(books, bar, prices)
        return
    first = books.counts[TRADES]
    delayed = reduce_all_nb(books, bar, opens, prices, value, gains, rules)
    value, gross = worth_nb(books.positions, books.account[CASH], prices)
    if value <= 0.0:
        forgive_nb(books, first, -value, rules)
        ruin_nb(books, bar, prices)
        return
    share = affordable_nb(gains, prices, value, gross, rules)
    for i in range(len(prices)):
        if gains[i] == 0.0:
            continue
        change = gains[i] * share
        if rules.whole_units:
            change = np.trunc(change * (1.0 + EXACT))
        if delayed and share < 1.0:
            books.waiting[i] = REST
        if abs(change) <= ROUNDING * abs(gains[i]):
            if not delayed and books.positions[i, QTY] == 0.0:
                reject_nb(books, i, bar, prices[i], gains[i], TOO_COSTLY, rules)
            continue
        increase_nb(books, i, bar, prices[i], change, rules)


@part
def hold_nb(positions: Floats, high: Floats, low: Floats, close: Floats, t: int) -> None:
    """Mark every symbol at its close of row t and carry the extremes of what is held."""
    for i in range(len(positions)):
        price = close[t, i]
        if price == price:
            positions[i, MARK] = price
            if positions[i, QTY] != 0.0:
                positions[i, HIGHEST] = max(positions[i, HIGHEST], high[t, i])
                positions[i, LOWEST] = min(positions[i, LOWEST], low[t, i])


@part
def marks_nb(positions: Floats, out: Floats) -> None:
    """Write the last close of each symbol."""
    for i in range(len(positions)):
        out[i] = positions[i, MARK]


@part
def borrow_nb(positions: Floats, account: Floats, per_bar: float) -> None:
    """Charge for a bar of what is held short, at most what the account has."""
    value = marked_nb(positions, account[CASH])
    for i in range(len(positions)):
        if positions[i, QTY] < 0.0:
            charge = -positions[i, QTY] * positions[i, MARK] * per_bar
            charge = min(charge, max(value, 0.0))
            value -= charge
            account[CASH] -= charge
            positions[i, BORROW] += charge
            positions[i, BORROW_TOTAL] += charge


@part
def liquidate_nb(books: Books, bar: int, rules: Rules) -> None:
    """Leave every position at its last close, with costs."""
    positions = books.positions
    for i in range(len(positions)):
        if positions[i, QTY] != 0.0:
            reduce_nb(books, i, bar, positions[i, MARK], abs(positions[i, QTY]), END, rules)
            books.counts[ORDERS] -= 1  # nobody ordered it


@part
def cost_of_leaving_nb(books: Books, rules: Rules) -> float:
    """What `liquidate_nb` would take in slippage and fees."""
    cost = 0.0
    for i in range(len(books.positions)):
        qty, raw = books.positions[i, QTY], books.positions[i, MARK]
        if qty != 0.0:
            side = 1.0 if qty > 0.0 else -1.0
            cost += abs(qty) * raw * rules.impact
            cost += fee_nb(abs(qty), raw * (1.0 - side * rules.impact), rules)
    return cost


@allocating
def simulate_portfolio_nb(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    weights: Floats,
    decides: NDArray[np.bool_],
    rules: Rules,
    books: Books,
    equity: Floats,
    cash: Floats,
    quantities: Floats,
) -> Books:
    """Run the account over all rows; return the books, whose records may have grown."""
    n, m = close.shape
    positions, account, counts, waiting = books.positions, books.account, books.counts, books.waiting
    prices, gains = np.empty(m), np.empty(m)
    t = 0
    while t < n and counts[RUINED] == 0:
        ready = False
        for i in range(m):
            ready = ready or (waiting[i] != NOTHING and open_[t, i] == open_[t, i])
        if ready:
            for i in range(m):
                prices[i] = open_[t, i] if open_[t, i] == open_[t, i] else positions[i, MARK]
            books = with_room_nb(books, 2 * m)
            trade_nb(books, t, open_[t], prices, gains, rules)
        hold_nb(positions, high, low, close, t)
        if rules.borrow_per_bar > 0.0:
            borrow_nb(positions, account, rules.borrow_per_bar)
        value = marked_nb(positions, account[CASH])
        if value <= 0.0:
            books = with_room_nb(books, m)
            marks_nb(positions, prices)
            ruin_nb(books, t, prices)
            value = 0.0
        equity[t] = value
        cash[t] = account[CASH]
        for i in range(m):
            quantities[t, i] = positions[i, QTY]
            if positions[i, QTY] != 0.0:
                positions[i, WEIGHTS] += positions[i, QTY] * positions[i, MARK] / value
        if decides[t]:
            for i in range(m):
                waiting[i], books.wanted[i] = ORDER, weights[t, i]
        t += 1
    for row in range(t, n):
        equity[row] = cash[row] = 0.0
        for i in range(m):
            quantities[row, i] = 0.0
    account[MARKED] = equity[n - 1]
    if rules.liquidate and counts[RUINED] == 0:
        books = with_room_nb(books, m)
        held = False
        for i in range(m):
            held = held or positions[i, QTY] != 0.0
        if held and equity[n - 1] <= cost_of_leaving_nb(books, rules):
            marks_nb(positions, prices)
            ruin_nb(books, n - 1, prices)
        else:
            liquidate_nb(books, n - 1, rules)
        held = False
        for i in range(m):
            held = held or quantities[n - 1, i] != 0.0
        if held:
            equity[n - 1] = cash[n - 1] = account[CASH]
    return books

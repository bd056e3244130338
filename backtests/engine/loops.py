"""The two loops that run an account over its bars. Same rules, same bytes where both apply; a test compares them.

`bar_loop_nb` looks at every bar and knows every rule. `order_loop_nb` goes from order to order: where nothing but an
order can touch the position (fills at the next open, no exits, no borrow cost, no margin calls) the bars between two
orders are only marked.
"""

import numpy as np

from algotrade.compiled import kernel, part
from backtests.engine.kernels import (
    AMBIGUOUS,
    BORROW_PAID,
    END,
    HELD,
    MARGIN,
    MARKED,
    NO_EXIT,
    OPEN_BAR,
    OPEN_QTY,
    ORDERS,
    RUIN,
    RUINED,
    RUINED_AT_CLOSE,
    RUINED_BY_ORDER,
    SIGNAL,
    Books,
    Floats,
    Ints,
    Places,
    Position,
    Rules,
    Sides,
    rules_nb,
    watch_nb,
)
from backtests.engine.records import close_nb, flat_nb, inlined_close_nb, inlined_open_nb, open_nb


@part
def change_nb(
    books: Books,
    cash: float,
    position: Position,
    borrow: float,
    bar: int,
    raw: float,
    wanted: int,
    estimate: float,
    rules: Rules,
) -> tuple[float, Position]:
    """Fill the order for a new target: leave what is held, then enter (a flip is two fills)."""
    if position.qty == 0.0 and wanted == 0:
        return cash, position
    books.counts[ORDERS] += 1
    if position.qty != 0.0:
        cash = close_nb(books, cash, position, borrow, bar, raw, SIGNAL, rules)
    if wanted != 0 and books.counts[RUINED] == 0:
        return open_nb(books, cash, bar, raw, float(wanted), estimate, rules)
    return cash, flat_nb()


@kernel
def bar_loop_nb(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    decided: Places,
    wanted: Sides,
    estimate: Floats,
    settings: Floats,
    totals: Floats,
    counts: Ints,
    trade_bars: Places,
    trade_values: Floats,
    rejection_bars: Places,
    rejection_values: Floats,
    equity: Floats,
) -> None:
    """Run the account over all bars, by every rule.

    The target becomes `wanted[i]` at the close of bar `decided[i]`; `estimate` is empty or has one value a bar;
    `settings` are the `Rules` as one array.
    """
    rules = rules_nb(settings)
    books = Books(totals, counts, trade_bars, trade_values, rejection_bars, rejection_values)
    n, orders, estimated = len(close), len(decided), len(estimate) > 0
    has_exits, at_close = rules.has_exits != 0.0, rules.at_close != 0.0
    cash, position = rules.initial_capital, flat_nb()
    highest = lowest = borrow = 0.0
    due = 0
    pending = margin_call = False
    t = 0
    while t < n and counts[RUINED] == 0:
        if pending:
            guess = estimate[t - 1] if estimated else np.nan
            cash, position = change_nb(
                books,
                cash,
                position,
                borrow,
                t,
                open_[t],
                wanted[due - 1],
                guess,
                rules,
            )
            highest = lowest = position.price
            borrow = 0.0
        elif margin_call and position.qty != 0.0:
            cash = close_nb(books, cash, position, borrow, t, open_[t], MARGIN, rules)
            position = flat_nb()
        if has_exits and position.qty != 0.0:
            side, best = (1.0, highest) if position.qty > 0.0 else (-1.0, lowest)
            reason, raw, both = watch_nb(
                side,
                position.stop,
                position.limit,
                best,
                position.bar < t,
                open_[t],
                high[t],
                low[t],
                rules.trailing_stop,
            )
            if reason != NO_EXIT:
                counts[AMBIGUOUS] += both
                cash = close_nb(books, cash, position, borrow, t, raw, reason, rules)
                position = flat_nb()
        if position.qty != 0.0:
            highest, lowest = max(highest, high[t]), min(lowest, low[t])
            if position.qty < 0.0 and rules.borrow_per_bar > 0.0:
                value = cash + position.qty * close[t]
                charge = min(-position.qty * close[t] * rules.borrow_per_bar, max(value, 0.0))
                cash -= charge
                borrow += charge
                totals[BORROW_PAID] += charge
        changed = due < orders and decided[due] == t
        due += changed
        value = cash + position.qty * close[t]
        if at_close and changed and t < n - 1 and value > 0.0:
            guess = estimate[t] if estimated else np.nan
            cash, position = change_nb(
                books,
                cash,
                position,
                borrow,
                t,
                close[t],
                wanted[due - 1],
                guess,
                rules,
            )
            highest = lowest = position.price
            borrow = 0.0
            value = cash + position.qty * close[t]
            counts[RUINED] *= RUINED_BY_ORDER
        equity[t] = value
        counts[HELD] += position.qty != 0.0
        if value <= 0.0:
            equity[t] = 0.0
            counts[RUINED] = max(counts[RUINED], 1)
            if position.qty != 0.0:
                cash = close_nb(books, cash, position, borrow, t, close[t], RUIN, rules)
                position = flat_nb()
                counts[RUINED] = RUINED_AT_CLOSE
        pending = changed and not at_close
        margin_call = value < rules.maintenance * abs(position.qty) * close[t]
        t += 1
    equity[t:] = 0.0
    totals[MARKED] = equity[n - 1]
    if position.qty == 0.0:
        return
    if rules.liquidate == 0.0:
        counts[OPEN_BAR], totals[OPEN_QTY] = position.bar, position.qty
        return
    equity[n - 1] = close_nb(books, cash, position, borrow, n - 1, close[n - 1], END, rules)
    counts[RUINED] *= RUINED_AT_CLOSE


@part
def mark_nb(close: Floats, cash: float, qty: float, equity: Floats) -> bool:
    """Write what the account is worth at each of some closes; say whether that is something at all of them."""
    alive = True
    for t in range(len(close)):  # without branches: several bars at once
        value = cash + qty * close[t]
        equity[t] = value
        alive &= value > 0.0
    return alive


@kernel
def order_loop_nb(
    open_: Floats,
    close: Floats,
    decided: Places,
    wanted: Sides,
    estimate: Floats,
    settings: Floats,
    totals: Floats,
    counts: Ints,
    trade_bars: Places,
    trade_values: Floats,
    rejection_bars: Places,
    rejection_values: Floats,
    equity: Floats,
    raws: Floats,
) -> None:
    """Run the account from order to order; arguments as of `bar_loop_nb`, without highs and lows, and room for one
    number an order.

    Only for rules under which nothing else moves the position: fill at the next open, no exits, no borrow cost, no
    maintenance margin.
    """
    rules = rules_nb(settings)
    books = Books(totals, counts, trade_bars, trade_values, rejection_bars, rejection_values)
    n, orders, estimated = len(close), len(decided), len(estimate) > 0
    for i in range(orders):  # far apart, these miss the cache: read them while nothing waits for them
        raws[i] = open_[min(decided[i] + 1, n - 1)]
    cash, position = rules.initial_capital, flat_nb()
    first = 0  # the first bar that is not marked yet
    for i in range(orders + 1):
        after = min(decided[i] + 1, n) if i < orders else n
        qty = position.qty
        bar, reason = after, SIGNAL
        alive = mark_nb(close[first:after], cash, qty, equity[first:after])
        if qty != 0.0:
            if not alive:
                bar = first
                while equity[bar] > 0.0:
                    bar += 1
                after, reason = bar + 1, RUIN
            counts[HELD] += after - first
        first = after
        if reason == SIGNAL and after == n:
            totals[MARKED] = equity[n - 1]
            if qty == 0.0 or rules.liquidate == 0.0:
                counts[OPEN_BAR], totals[OPEN_QTY] = position.bar, qty
                break
            bar, reason = n - 1, END
        if reason == SIGNAL:
            raw = raws[i]
            if qty == 0.0 and wanted[i] == 0:
                continue
            counts[ORDERS] += 1
        else:
            raw = close[bar]
        if qty != 0.0:
            cash = inlined_close_nb(books, cash, position, 0.0, bar, raw, reason, rules)
            position = flat_nb()
        if reason != SIGNAL:
            counts[RUINED] *= RUINED_AT_CLOSE
            equity[bar:] = cash
            break
        if counts[RUINED] != 0:
            equity[bar:] = 0.0
            break
        if wanted[i] != 0:
            guess = estimate[bar - 1] if estimated else np.nan
            cash, position = inlined_open_nb(books, cash, bar, raw, float(wanted[i]), guess, rules)

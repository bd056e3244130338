"""The rules of a fill as compiled functions of plain numbers, shared by every loop over bars.

Nothing here keeps state: a loop holds cash and position in its own variables, which stay in registers, and calls these
where something happens. Kernels never raise: what went wrong comes back as a code that `simulate` puts in words. A
missing price level is NaN: every comparison with it is false.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel, part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]
Sides = NDArray[np.int8]

# Places in `totals` and in `counts`.
FEES_PAID, SLIPPAGE_PAID, BORROW_PAID, TRADED, SHORTFALL, MARKED, OPEN_QTY = range(7)
TOTALS_SIZE = 7
TRADES, REJECTED, AMBIGUOUS, ORDERS, RUINED, HELD, OPEN_BAR = range(7)
COUNTS_SIZE = 7
# In `counts[RUINED]`: 1 at a fill, and these where the bar was over: the position was still held at its close, or an
# order filled at that close left nothing of it.
RUINED_AT_CLOSE, RUINED_BY_ORDER = 2, 3

# Codes of `results.REASONS` and `results.REJECTIONS`, and of the sizing modes in `config.SIZINGS`.
SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, END, RUIN, MARGIN = range(7)
TOO_COSTLY, NO_QUANTITY, NO_ESTIMATE = range(3)
ALL_IN, FRACTION, UNITS, CASH_AMOUNT, VOL_TARGET, ATR_RISK = range(6)
GIVEN_SHARE = 6  # the strategy gives the share of cash at each close
ACCEPTED = -1
NO_EXIT = -1

# Sums that differ by rounding only are equal; an order for all cash must not fail by the last bit.
ROUNDING = 1e-9
WHOLE_ROUNDING = 1e-12


class Rules(NamedTuple):
    """`SimulationConfig` in the form the kernels take: 0.0 for an exit that is not set, 1.0 for a switch that is on."""

    initial_capital: float
    commission: float
    commission_fixed: float
    commission_min: float
    impact: float
    sizing: float
    size: float
    whole_units: float
    leverage: float
    stop_loss: float
    take_profit: float
    trailing_stop: float
    borrow_per_bar: float
    maintenance: float
    atr_multiple: float
    has_exits: float
    at_close: float
    liquidate: float


class Books(NamedTuple):
    """What a loop writes: totals and records. The tables have one row a column, so that each is contiguous."""

    totals: Floats
    counts: Ints
    trade_bars: Places  # entry bar, exit bar, code of the reason
    trade_values: Floats  # `results.TRADE_VALUES`
    rejection_bars: Places  # bar, side, code
    rejection_values: Floats  # `results.REJECTION_VALUES`


class Position(NamedTuple):
    """What is fixed at the entry; qty is signed, and 0.0 without a position."""

    bar: int
    qty: float
    price: float
    fee: float
    stop: float
    limit: float


@part
def rules_nb(values: Floats) -> Rules:
    """Read the rules from one array: taking eighteen numbers apart in Python costs more than a short run."""
    return Rules(
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        values[5],
        values[6],
        values[7],
        values[8],
        values[9],
        values[10],
        values[11],
        values[12],
        values[13],
        values[14],
        values[15],
        values[16],
        values[17],
    )


@kernel
def changes_nb(target: Floats, start: int, stop: int, decided: Places) -> int:
    """Write the bars from `start` to before `stop` whose target is not that of the bar before; return how many.

    The first bar of all is always among them, and so is each NaN.
    """
    different = 0
    if start == 0:
        decided[0] = 0
        different = start = 1
    before, after = target[start - 1 : stop - 1], target[start:stop]
    for i in range(len(after)):  # no branch may fail
        decided[different] = start + i
        different += after[i] != before[i]
    return different


@kernel
def orders_nb(
    target: Floats, allow_short: bool, different: int, decided: Places, wanted: Sides
) -> tuple[int, int, int]:
    """Keep those of the `different` bars in `decided` at which an order is due, and write to what the target changes.

    NaN keeps the target of the bar before. Returns (first bad bar or -1, number of changes, how many are entries).
    """
    floor = -1.0 if allow_short else 0.0
    previous = 0.0
    count = entries = 0
    for i in range(different):
        t = decided[i]
        value = target[t]
        if value == previous or np.isnan(value):
            continue
        if not (value == 1.0 or value == 0.0 or value == -1.0):
            return t, count, entries
        value = max(value, floor)
        if value != previous:
            decided[count] = t
            wanted[count] = int(value)
            count += 1
            entries += value != 0.0
            previous = value
    return -1, count, entries


@kernel
def decided_nb(
    bars: Places, targets: Sides, length: int, allow_short: bool, decided: Places, wanted: Sides
) -> tuple[int, int, int]:
    """`orders_nb` of a target that is given as its changes: (first bad one or -1, number of orders, entries)."""
    last, previous, floor = -1, 0, -1 if allow_short else 0
    count = entries = 0
    for i in range(len(bars)):
        bar, side = bars[i], targets[i]
        if not (last < bar < length and -1 <= side <= 1):
            return i, count, entries
        last, side = bar, max(side, floor)
        if side != previous:
            decided[count] = bar
            wanted[count] = side
            count += 1
            entries += side != 0
            previous = side
    return -1, count, entries


@kernel
def volatility_nb(close: Floats, window: int, scale: float, out: Floats) -> None:
    """Sample standard deviation of the last `window` close-to-close returns times `scale`; NaN before."""
    n = len(close)
    out[: min(window, n)] = np.nan
    for t in range(window, n):
        mean = 0.0
        for i in range(t - window + 1, t + 1):
            mean += close[i] / close[i - 1] - 1.0
        mean /= window
        squares = 0.0
        for i in range(t - window + 1, t + 1):
            squares += (close[i] / close[i - 1] - 1.0 - mean) ** 2
        out[t] = np.sqrt(squares / (window - 1)) * scale


@kernel
def average_true_range_nb(high: Floats, low: Floats, close: Floats, window: int, out: Floats) -> None:
    """Wilder's average: the mean of true ranges 1..window at row `window`, then smoothed; NaN before."""
    n = len(close)
    out[: min(window, n)] = np.nan
    average = 0.0
    for t in range(1, n):
        true_range = max(high[t], close[t - 1]) - min(low[t], close[t - 1])
        if t <= window:
            average += true_range / window
        else:
            average += (true_range - average) / window
        if t >= window:
            out[t] = average


@part
def fee_nb(units: float, price: float, rules: Rules) -> float:
    return max(rules.commission_min, units * price * rules.commission + rules.commission_fixed)


@part
def units_nb(cash: float, price: float, estimate: float, rules: Rules) -> float:
    """Units to enter with before the cost check; NaN when the sizing's estimate is not defined."""
    if rules.sizing >= VOL_TARGET and np.isnan(estimate):
        return np.nan
    if rules.sizing == UNITS:
        units = rules.size
    elif rules.sizing == ATR_RISK:
        if estimate <= 0.0:
            return np.nan
        units = rules.size * cash / (rules.atr_multiple * estimate)
    else:
        limit = cash * rules.leverage
        if rules.sizing == CASH_AMOUNT:
            budget = rules.size
            limit = budget  # the amount includes the fee
        elif rules.sizing == VOL_TARGET:
            wanted = rules.size / estimate if estimate > 0.0 else rules.leverage
            budget = cash * min(rules.leverage, wanted)
        elif rules.sizing == GIVEN_SHARE:
            budget = cash * min(rules.leverage, estimate)
        else:
            budget = cash * rules.size
        units = (budget - rules.commission_fixed) / (price * (1.0 + rules.commission))
        # Where the minimum fee makes the order unaffordable, it is set aside from the budget instead.
        if units * price + fee_nb(units, price, rules) > limit * (1.0 + ROUNDING):
            units = (budget - rules.commission_min) / price
    if rules.whole_units != 0.0:
        units = np.floor(units * (1.0 + WHOLE_ROUNDING))
    return units


@part
def entry_nb(
    cash: float, raw: float, side: float, estimate: float, rules: Rules
) -> tuple[int, float, float, float]:
    """Price an entry in the direction `side`: (ACCEPTED or why not, units, price, fee)."""
    price = raw * (1.0 + side * rules.impact)
    units = units_nb(cash, price, estimate, rules)
    fee = fee_nb(units, price, rules)
    code = ACCEPTED
    if np.isnan(units):
        code = NO_ESTIMATE
    elif units <= 0.0:
        code = NO_QUANTITY
    elif units * price + fee > cash * rules.leverage * (1.0 + ROUNDING) or fee >= cash:
        code = TOO_COSTLY
    return code, units, price, fee


@part
def exit_nb(
    cash: float, qty: float, raw: float, reason: int, rules: Rules
) -> tuple[float, float, float, float, float, int]:
    """Price an exit: (cash after it, price, fee, slippage paid, what is owed beyond the account, reason).

    With nothing left the reason becomes RUIN: the books close at the price at which the account is worth 0, and the
    rest is the lender's loss.
    """
    side = 1.0 if qty > 0.0 else -1.0
    impact = 0.0 if reason == TAKE_PROFIT else rules.impact
    price = raw * (1.0 - side * impact)
    fee = fee_nb(abs(qty), price, rules)
    slipped = abs(qty) * raw * impact
    value = cash + qty * price
    if value > fee:
        return value - fee, price, fee, slipped, 0.0, reason
    if value > 0.0:
        return 0.0, price, value, slipped, fee - value, RUIN
    return 0.0, -cash / qty, 0.0, 0.0, fee - value, RUIN


@part
def stop_nb(entry: float, side: float, estimate: float, rules: Rules) -> float:
    """The fixed stop: the tighter of the stop-loss and the ATR stop, NaN when there is none."""
    stop = np.nan
    if rules.stop_loss > 0.0:
        stop = entry * (1.0 - side * rules.stop_loss)
    if rules.sizing == ATR_RISK:
        other = entry - side * rules.atr_multiple * estimate
        if not side * stop >= side * other:
            stop = other
    return stop


@part
def limit_nb(entry: float, side: float, rules: Rules) -> float:
    """The take-profit limit, NaN when there is none."""
    return entry * (1.0 + side * rules.take_profit) if rules.take_profit > 0.0 else np.nan


@part
def watch_nb(
    side: float,
    stop: float,
    limit: float,
    extreme: float,
    held_before: bool,
    open_: float,
    high: float,
    low: float,
    trailing_stop: float,
) -> tuple[int, float, bool]:
    """Find the exit of this bar: (reason or NO_EXIT, raw price, whether stop and limit were both hit).

    `extreme` is the best price of earlier bars and the entry; `held_before` is False on the entry bar.
    """
    stop_reason = STOP_LOSS
    if trailing_stop > 0.0:
        trail = extreme * (1.0 - side * trailing_stop)
        if not side * stop >= side * trail:
            stop = trail
            stop_reason = TRAILING_STOP
    if held_before:
        if side * open_ <= side * stop:
            return stop_reason, open_, False
        if side * open_ >= side * limit:
            return TAKE_PROFIT, open_, False
    against, along = (low, high) if side > 0.0 else (high, low)
    stop_hit = side * against <= side * stop
    limit_hit = side * along >= side * limit
    if stop_hit:
        return stop_reason, stop, limit_hit
    if limit_hit:
        return TAKE_PROFIT, limit, False
    return NO_EXIT, 0.0, False

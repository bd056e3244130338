"""The rules of docs/portfolio.md once more, slow and obvious: dictionaries and loops, no numpy inside.

It shares no code with the kernels. What raises positions is fitted to the money by halving an interval.
"""

import datetime as dt
import math
from dataclasses import dataclass, field


@dataclass
class Position:
    qty: float = 0.0
    average: float = 0.0
    entry_bar: int = -1
    entry_fees: float = 0.0
    borrow: float = 0.0
    highest: float = 0.0
    lowest: float = 0.0


@dataclass
class Reference:
    equity: list = field(default_factory=list)
    quantities: list = field(default_factory=list)
    trades: list = field(default_factory=list)
    rejections: list = field(default_factory=list)
    fees: float = 0.0
    slippage: float = 0.0
    borrow: float = 0.0
    traded: float = 0.0
    orders: int = 0
    ruined: bool = False
    marked: float = 0.0


def decisions(times, weights, config):
    """(row, weights) of the closes at which the account acts."""
    days = [dt.date.fromisoformat(str(time)[:10]) for time in times]
    names = {
        "day": lambda day: day,
        "week": lambda day: day.isocalendar()[:2],
        "month": lambda day: (day.year, day.month),
    }
    out, first, before = [], None, [0.0] * len(weights[0])
    for row, asked in enumerate(weights):
        if any(math.isnan(value) for value in asked):
            continue
        asked = list(asked)
        if not config.allow_short:
            asked = [max(value, 0.0) for value in asked]
        gross = sum(abs(value) for value in asked)
        if gross > config.leverage * (1 + 1e-9):
            asked = [value * config.leverage / gross for value in asked]
        if config.rebalance == "signal":
            acts = any(abs(new - old) > 1e-12 for new, old in zip(asked, before, strict=True))
            before = asked
        elif first is None:
            acts = True
        elif config.rebalance == "bars":
            acts = (row - first) % config.rebalance_every == 0
        else:
            period = names[config.rebalance]
            acts = row + 1 < len(days) and period(days[row + 1]) != period(days[row])
        if first is None:
            first = row
        if acts:
            out.append((row, asked))
    return dict(out)


class Account:
    def __init__(self, panel, config, periods_per_year):
        self.panel, self.config, self.periods = panel, config, periods_per_year
        self.m = len(panel.symbols)
        self.cash = config.initial_capital
        self.held = [Position() for _ in range(self.m)]
        self.last = [math.nan] * self.m
        self.orders = {}  # symbol -> (weight, whether only the rest of a buy)
        self.out = Reference()

    def fee(self, units, price):
        c = self.config
        return max(c.commission_min, units * price * c.commission + c.commission_fixed)

    def value(self, prices):
        return self.cash + sum(p.qty * prices[i] for i, p in enumerate(self.held) if p.qty)

    def gross(self, prices):
        return sum(abs(p.qty) * prices[i] for i, p in enumerate(self.held) if p.qty)

    def book(self, bar, i, units, price, fee, reason):
        p = self.held[i]
        side = 1 if p.qty > 0 else -1
        part = units / abs(p.qty)
        fees, borrow = p.entry_fees * part + fee, p.borrow * part
        gross = side * units * (price - p.average)
        pnl = gross - fees - borrow
        low, high = min(p.lowest, price), max(p.highest, price)
        mae, mfe = (low - p.average, high - p.average) if side > 0 else (p.average - high, p.average - low)
        row = (p.entry_bar, bar, reason, i, p.average, price, side * units, gross, fees, borrow, pnl)
        self.out.trades.append((*row, pnl / (units * p.average), mae, mfe))
        p.entry_fees -= p.entry_fees * part
        p.borrow -= p.borrow * part
        p.qty = 0.0 if units == abs(p.qty) else p.qty - side * units
        self.out.fees += fee
        self.out.traded += units * price

    def lower(self, bar, i, raw, units, reason):
        side = 1 if self.held[i].qty > 0 else -1
        price = raw * (1 - side * self.config.impact)
        fee = self.fee(units, price)
        self.cash += side * units * price - fee
        self.out.slippage += units * raw * self.config.impact
        self.book(bar, i, units, price, fee, reason)

    def raise_(self, bar, i, raw, change):
        p = self.held[i]
        price = raw * (1 + (1 if change > 0 else -1) * self.config.impact)
        units, fee = abs(change), self.fee(abs(change), price)
        if p.qty == 0.0:
            p.entry_bar, p.average, p.highest, p.lowest = bar, price, price, price
        else:
            p.average = (abs(p.qty) * p.average + units * price) / (abs(p.qty) + units)
            p.highest, p.lowest = max(p.highest, price), min(p.lowest, price)
        p.qty += change
        p.entry_fees += fee
        self.cash -= change * price + fee
        self.out.fees += fee
        self.out.slippage += units * raw * self.config.impact
        self.out.traded += units * price
        self.out.orders += 1

    def ruin(self, bar, prices):
        left, gross = self.value(prices), self.gross(prices)
        for i, p in enumerate(self.held):
            if p.qty:
                share = left * abs(p.qty) * prices[i] / gross
                price = prices[i] - share / p.qty if left < 0 else prices[i]
                self.book(bar, i, abs(p.qty), price, max(share, 0.0), "ruin")
        self.cash, self.orders, self.out.ruined = 0.0, {}, True

    def forgive(self, first, owed):
        """What the last fills cost beyond the account is given back: their fees, then their slippage."""
        for at in reversed(range(first, len(self.out.trades))):
            entered, bar, _, i, average, price, qty, gross, fees, borrow, pnl, _, *path = self.out.trades[at]
            side = 1 if qty > 0 else -1
            fee = min(owed, self.fee(abs(qty), price))
            raw = price / (1 - side * self.config.impact)
            slipped = min(owed - fee, abs(qty) * raw * self.config.impact)
            if fee + slipped <= 0:
                return
            price, gross, fees, pnl = price + slipped / qty, gross + slipped, fees - fee, pnl + fee + slipped
            row = (entered, bar, "ruin", i, average, price, qty, gross, fees, borrow, pnl)
            self.out.trades[at] = (*row, pnl / (abs(qty) * average), *path)
            self.out.fees -= fee
            self.out.slippage -= slipped
            self.out.traded += side * slipped
            self.cash += fee + slipped
            owed -= fee + slipped

    def fits(self, share, gains, prices, value, gross):
        """Is the account within its leverage after this share of the increases?"""
        cost = 0.0
        for i, change in gains.items():
            price = prices[i] * (1 + (1 if change > 0 else -1) * self.config.impact)
            cost += share * abs(change) * prices[i] * self.config.impact
            cost += self.fee(share * abs(change), price)
            gross += share * abs(change) * prices[i]
        return gross <= self.config.leverage * (value - cost) + 1e-12 * value

    def share_of(self, gains, prices):
        value, gross = self.value(prices), self.gross(prices)
        if self.fits(1.0, gains, prices, value, gross):
            return 1.0
        low, high = 0.0, 1.0
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if self.fits(middle, gains, prices, value, gross) else (low, middle)
        return low if low > 1e-12 else 0.0

    def trade(self, bar, opens, prices):
        c = self.config
        value = self.value(prices)
        if value <= 0:
            self.ruin(bar, prices)
            return
        gains, late, first = {}, False, len(self.out.trades)
        for i in sorted(self.orders):
            weight, rest = self.orders[i]
            p = self.held[i]
            if math.isnan(opens[i]):
                if p.qty and not rest:
                    goal = weight * (1 - c.cash_buffer) * value / prices[i]
                    late = late or goal * p.qty <= 0 or abs(goal) < abs(p.qty) * (1 - 1e-9)
                continue
            goal = weight * (1 - c.cash_buffer) * value / prices[i]
            del self.orders[i]
            if c.whole_units:
                goal = float(math.trunc(goal * (1 + 1e-12)))
                if goal == 0 and p.qty == 0 and weight != 0:
                    self.out.rejections.append((bar, i, "quantity"))
                    self.out.orders += 1
            change = goal - p.qty
            if abs(change) <= 1e-9 * max(abs(goal), abs(p.qty)):
                continue
            same_side = goal * p.qty > 0
            if same_side and abs(change) * prices[i] < c.min_trade * value:
                continue
            if p.qty == 0 or (same_side and abs(goal) > abs(p.qty)):
                gains[i] = change
                continue
            if rest:
                continue
            self.out.orders += 1
            if same_side:
                self.lower(bar, i, prices[i], abs(change), "rebalance")
            else:
                self.lower(bar, i, prices[i], abs(p.qty), "signal")
                if goal:
                    gains[i] = goal
        if self.value(prices) <= 0:
            self.forgive(first, -self.value(prices))
            self.ruin(bar, prices)
            return
        share = self.share_of(gains, prices) if gains else 1.0
        for i, gain in gains.items():
            change = gain * share
            if c.whole_units:
                change = float(math.trunc(change * (1 + 1e-12)))
            if late and share < 1:
                self.orders[i] = (self.asked[i], True)
            if abs(change) <= 1e-9 * abs(gain):
                if not late and self.held[i].qty == 0:
                    self.out.rejections.append((bar, i, "cost"))
                    self.out.orders += 1
                continue
            self.raise_(bar, i, prices[i], change)

    def carry(self, bar):
        p = self.panel
        for i, held in enumerate(self.held):
            if math.isnan(p.close[bar, i]):
                continue
            self.last[i] = float(p.close[bar, i])
            if held.qty:
                held.highest = max(held.highest, float(p.high[bar, i]))
                held.lowest = min(held.lowest, float(p.low[bar, i]))
        left = self.value(self.last)
        for i, held in enumerate(self.held):
            if held.qty < 0 and self.config.borrow_rate:
                charge = -held.qty * self.last[i] * self.config.borrow_rate / self.periods
                charge = min(charge, max(left, 0.0))
                left -= charge
                self.cash -= charge
                held.borrow += charge
                self.out.borrow += charge

    def finish(self, bar):
        c, cost = self.config, 0.0
        for i, p in enumerate(self.held):
            if p.qty:
                price = self.last[i] * (1 - (1 if p.qty > 0 else -1) * c.impact)
                cost += abs(p.qty) * self.last[i] * c.impact + self.fee(abs(p.qty), price)
        if not any(p.qty for p in self.held):
            return
        if self.value(self.last) <= cost:
            self.ruin(bar, self.last)
        else:
            for i, p in enumerate(self.held):
                if p.qty:
                    self.lower(bar, i, self.last[i], abs(p.qty), "end")
        self.out.equity[-1] = self.cash


def simulate_reference(panel, weights, config, periods_per_year=252.0):
    account = Account(panel, config, periods_per_year)
    out, n = account.out, len(panel)
    asked = decisions(panel.time, weights.tolist(), config)
    for bar in range(n):
        if out.ruined:
            out.equity.append(0.0)
            out.quantities.append([0.0] * account.m)
            continue
        opens = [float(value) for value in panel.open[bar]]
        prices = [account.last[i] if math.isnan(opens[i]) else opens[i] for i in range(account.m)]
        if any(not math.isnan(opens[i]) for i in account.orders):
            account.trade(bar, opens, prices)
        account.carry(bar)
        value = account.value(account.last)
        if value <= 0 and not out.ruined:
            account.ruin(bar, account.last)
        out.equity.append(0.0 if out.ruined else value)
        out.quantities.append([p.qty for p in account.held])
        if bar in asked and not out.ruined:
            account.asked = asked[bar]
            account.orders = {i: (weight, False) for i, weight in enumerate(asked[bar])}
    out.marked = out.equity[-1]
    if config.liquidate_at_end and not out.ruined:
        account.finish(n - 1)
    return out

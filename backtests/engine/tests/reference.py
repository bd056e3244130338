"""A slow, obvious simulator in plain Python, written from the fill contract alone, to compare the kernel with.

One class, one method a rule, Python floats and lists. It shares no code with the product.
"""

import math
from dataclasses import dataclass, field


@dataclass
class Position:
    bar: int
    side: int
    units: float
    price: float
    fee: float
    stop: float | None
    limit: float | None
    seen_high: float
    seen_low: float
    borrow: float = 0.0
    extreme: float = 0.0


@dataclass
class Account:
    rules: dict
    per_year: float
    cash: float
    position: Position | None = None
    trades: list = field(default_factory=list)
    rejected: list = field(default_factory=list)
    equity: list = field(default_factory=list)
    held: list = field(default_factory=list)
    ambiguous: int = 0
    ruined: bool = False

    def fee(self, units, price):
        return max(
            self.rules["commission_min"],
            units * price * self.rules["commission"] + self.rules["commission_fixed"],
        )

    def slipped(self, raw, direction):
        return raw * (1 + direction * (self.rules["slippage"] + self.rules["spread"] / 2))

    def units_for(self, price, estimate):
        rules = self.rules
        kind = rules["sizing"]
        if kind in ("vol_target", "atr_risk", "given") and estimate is None:
            return None
        if kind == "units":
            units = rules["size"]
        elif kind == "atr_risk":
            if estimate == 0:
                return None
            units = rules["size"] * self.cash / (rules["atr_multiple"] * estimate)
        else:
            affordable = self.cash * rules["leverage"]
            if kind == "all_in":
                budget = self.cash
            elif kind == "fraction":
                budget = self.cash * rules["size"]
            elif kind == "given":
                budget = self.cash * min(rules["leverage"], estimate)
            elif kind == "cash":
                budget = affordable = rules["size"]
            else:
                share = (
                    rules["leverage"] if estimate == 0 else min(rules["leverage"], rules["size"] / estimate)
                )
                budget = self.cash * share
            units = (budget - rules["commission_fixed"]) / (price * (1 + rules["commission"]))
            if units * price + self.fee(units, price) > affordable * (1 + 1e-9):
                units = (budget - rules["commission_min"]) / price
        if rules["whole_units"]:
            units = math.floor(units * (1 + 1e-12))
        return units

    def enter(self, bar, raw, side, estimate):
        rules = self.rules
        price = self.slipped(raw, side)
        units = self.units_for(price, estimate)
        if units is None:
            self.rejected.append((bar, "estimate"))
            return
        if units <= 0:
            self.rejected.append((bar, "quantity"))
            return
        fee = self.fee(units, price)
        if units * price + fee > self.cash * rules["leverage"] * (1 + 1e-9) or fee >= self.cash:
            self.rejected.append((bar, "cost"))
            return
        stops = []
        if rules["stop_loss"]:
            stops.append(price * (1 - side * rules["stop_loss"]))
        if rules["sizing"] == "atr_risk":
            stops.append(price - side * rules["atr_multiple"] * estimate)
        stop = None
        if stops:
            stop = max(stops) if side > 0 else min(stops)
        limit = price * (1 + side * rules["take_profit"]) if rules["take_profit"] else None
        self.cash -= side * units * price + fee
        self.position = Position(bar, side, units, price, fee, stop, limit, price, price, extreme=price)

    def leave(self, bar, raw, reason):
        p = self.position
        price = raw if reason == "take_profit" else self.slipped(raw, -p.side)
        fee = self.fee(p.units, price)
        worth = self.cash + p.side * p.units * price
        if worth <= 0:
            price, fee, reason = -self.cash / (p.side * p.units), 0.0, "ruin"
            self.cash = 0.0
        elif worth <= fee:
            fee, reason = worth, "ruin"
            self.cash = 0.0
        else:
            self.cash = worth - fee
        self.ruined = self.ruined or reason == "ruin"
        gross = p.side * p.units * (price - p.price)
        highest, lowest = max(p.seen_high, price), min(p.seen_low, price)
        self.trades.append(
            {
                "entry_bar": p.bar,
                "exit_bar": bar,
                "entry_price": p.price,
                "exit_price": price,
                "qty": p.side * p.units,
                "gross": gross,
                "fees": p.fee + fee,
                "borrow": p.borrow,
                "pnl": gross - p.fee - fee - p.borrow,
                "ret": (gross - p.fee - fee - p.borrow) / (p.units * p.price),
                "bars_held": bar - p.bar,
                "mae": lowest - p.price if p.side > 0 else p.price - highest,
                "mfe": highest - p.price if p.side > 0 else p.price - lowest,
                "reason": reason,
            }
        )
        self.position = None

    def watch(self, bar, open_, high, low):
        """Steps 2 and 3: gaps of positions held from before, then stop, then take-profit."""
        p = self.position
        stop, reason = p.stop, "stop_loss"
        if self.rules["trailing_stop"]:
            trail = p.extreme * (1 - p.side * self.rules["trailing_stop"])
            if stop is None or (trail > stop if p.side > 0 else trail < stop):
                stop, reason = trail, "trailing_stop"

        def reached_stop(price):
            return stop is not None and (price <= stop if p.side > 0 else price >= stop)

        def reached_limit(price):
            return p.limit is not None and (price >= p.limit if p.side > 0 else price <= p.limit)

        if p.bar < bar and reached_stop(open_):
            return self.leave(bar, open_, reason)
        if p.bar < bar and reached_limit(open_):
            return self.leave(bar, open_, "take_profit")
        stopped = reached_stop(low if p.side > 0 else high)
        limited = reached_limit(high if p.side > 0 else low)
        self.ambiguous += stopped and limited
        if stopped:
            return self.leave(bar, stop, reason)
        if limited:
            return self.leave(bar, p.limit, "take_profit")
        return None

    def carry(self, high, low, close):
        p = self.position
        p.seen_high, p.seen_low = max(p.seen_high, high), min(p.seen_low, low)
        p.extreme = max(p.extreme, high) if p.side > 0 else min(p.extreme, low)
        if p.side < 0:
            worth = self.value(close)
            cost = min(p.units * close * self.rules["borrow_rate"] / self.per_year, max(worth, 0.0))
            self.cash -= cost
            p.borrow += cost

    def value(self, close):
        return self.cash + (self.position.side * self.position.units * close if self.position else 0.0)

    def follow(self, bar, raw, wanted, estimate):
        if self.position:
            self.leave(bar, raw, "signal")
        if wanted and not self.ruined:
            self.enter(bar, raw, wanted, estimate)


def true_range(bars, t):
    return max(bars.high[t], bars.close[t - 1]) - min(bars.low[t], bars.close[t - 1])


def estimates(bars, rules, per_year):
    n = len(bars)
    out = [None] * n
    if rules["sizing"] == "vol_target":
        w = rules["volatility_window"]
        for t in range(w, n):
            r = [bars.close[i] / bars.close[i - 1] - 1 for i in range(t - w + 1, t + 1)]
            mean = sum(r) / w
            out[t] = math.sqrt(sum((x - mean) ** 2 for x in r) / (w - 1) * per_year)
    if rules["sizing"] == "atr_risk":
        w = rules["atr_window"]
        for t in range(w, n):
            if t == w:
                out[t] = sum(true_range(bars, i) for i in range(1, w + 1)) / w
            else:
                out[t] = (out[t - 1] * (w - 1) + true_range(bars, t)) / w
    return out


def wanted_targets(target, allow_short):
    wanted, previous = [], 0
    for value in target:
        if not math.isnan(value):
            previous = int(value)
            if previous == -1 and not allow_short:
                previous = 0
        wanted.append(previous)
    return wanted


def run(bars, target, rules, per_year=252.0, size=None):
    """Return the Account after all bars, with `final` and `marked`."""
    if size is not None:
        rules = {**rules, "sizing": "given"}
    account = Account(rules, per_year, rules["initial_capital"])
    wanted = wanted_targets(target, rules["allow_short"])
    guess = estimates(bars, rules, per_year)
    if size is not None:
        guess = [None if math.isnan(share) else float(share) for share in size]
    n = len(bars)
    margin_call = False
    for t in range(n):
        open_, high, low, close = (float(getattr(bars, c)[t]) for c in ("open", "high", "low", "close"))
        before = wanted[t - 2] if t > 1 else 0
        ordered = t > 0 and wanted[t - 1] != before and rules["fill"] == "next_open"
        if ordered:
            account.follow(t, open_, wanted[t - 1], guess[t - 1])
        elif margin_call and account.position:
            account.leave(t, open_, "margin")
        if account.position and rules["fill"] == "next_open":
            account.watch(t, open_, high, low)
        if account.position:
            account.carry(high, low, close)
        changed = wanted[t] != (wanted[t - 1] if t else 0)
        if rules["fill"] == "close" and changed and t < n - 1 and account.value(close) > 0:
            account.follow(t, close, wanted[t], guess[t])
        account.held.append(account.position.side * account.position.units if account.position else 0.0)
        worth = account.value(close)
        if worth <= 0:
            account.ruined = True
            if account.position:
                account.leave(t, close, "ruin")
            worth = 0.0
        account.equity.append(worth)
        if account.ruined:
            account.equity += [0.0] * (n - t - 1)
            account.held += [0.0] * (n - t - 1)
            break
        exposed = account.position.units * close if account.position else 0.0
        margin_call = worth < rules["maintenance_margin"] * exposed
    account.marked = account.equity[-1]
    if account.position and rules["liquidate_at_end"]:
        account.leave(n - 1, float(bars.close[-1]), "end")
        account.equity[-1] = account.cash
    account.final = account.equity[-1]
    return account

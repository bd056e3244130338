"""A configuration as the kernels read it: the one place where a setting becomes a rule."""

from __future__ import annotations

from backtests.engine.config import SIZINGS, SimulationConfig
from backtests.engine.kernels import ATR_RISK, GIVEN_SHARE, Rules


def rules_of(config: SimulationConfig, periods_per_year: float, *, given_share: bool = False) -> Rules:
    """Return the rules of one account.

    Parameters
    ----------
    config : SimulationConfig
        An exit that is not set becomes 0.
    periods_per_year : float
        Bars per year, above 0; the borrow rate is charged by the bar.
    given_share : bool
        The strategy gives the share of cash to enter with, in place of the configured sizing.

    Returns
    -------
    Rules
        Plain numbers and truth values, which the kernels take as one array of float64.
    """
    sizing = GIVEN_SHARE if given_share else SIZINGS.index(config.sizing)
    exits = (config.stop_loss, config.take_profit, config.trailing_stop)
    return Rules(
        initial_capital=config.initial_capital,
        commission=config.commission,
        commission_fixed=config.commission_fixed,
        commission_min=config.commission_min,
        impact=config.impact,
        sizing=sizing,
        size=config.size,
        whole_units=config.whole_units,
        leverage=config.leverage,
        stop_loss=config.stop_loss or 0.0,
        take_profit=config.take_profit or 0.0,
        trailing_stop=config.trailing_stop or 0.0,
        borrow_per_bar=config.borrow_rate / periods_per_year,
        maintenance=config.maintenance_margin,
        atr_multiple=config.atr_multiple,
        has_exits=sizing == ATR_RISK or exits != (None, None, None),
        at_close=config.fill == "close",
        liquidate=config.liquidate_at_end,
    )

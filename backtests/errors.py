"""What can go wrong with backtests. Each message names the value and the remedy."""

from algotrade.errors import InvalidInput, LabError, NotFound


class BacktestError(LabError):
    """Root of the errors of this app."""

    code = "backtest_error"


class BacktestRefused(BacktestError, InvalidInput):
    """A run was asked for that cannot be computed; `fields` names each reason."""

    code = "backtest_invalid"


class BacktestNotFound(BacktestError, NotFound):
    """A result that does not exist, or belongs to someone else."""

    code = "backtest_not_found"

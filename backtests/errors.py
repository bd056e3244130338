"""What can go wrong with backtests. Each message names the value and the remedy."""

from algotrade.errors import InvalidInput, LabError, NotFound, OverLimit, Unavailable


class BacktestError(LabError):
    """Root of the errors of this app."""

    code = "backtest_error"


class BacktestRefused(BacktestError, InvalidInput):
    """A run was asked for that cannot be computed; `fields` names each reason."""

    code = "backtest_invalid"


class RunTooLarge(BacktestRefused, OverLimit):
    """The run reads more bars than this lab computes at once."""

    code = "backtest_too_large"


class ResultDamaged(BacktestError, Unavailable):
    """A stored file of a long run is missing or holds something else."""

    code = "result_damaged"


class BacktestNotFound(BacktestError, NotFound):
    """A result that does not exist, or belongs to someone else."""

    code = "backtest_not_found"

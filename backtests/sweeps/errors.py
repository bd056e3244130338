"""What can go wrong with sweeps. Each message names the value and the remedy."""

from algotrade.errors import Conflict, InvalidInput, NotFound, OverLimit, Unavailable
from backtests.errors import BacktestError


class SweepRefused(BacktestError, InvalidInput):
    """A sweep was asked for that cannot be computed; `fields` names each reason."""

    code = "sweep_invalid"


class SweepTooLarge(SweepRefused, OverLimit):
    """More combinations, or more bars times combinations, than this lab computes in one sweep."""

    code = "sweep_too_large"


class SweepNotFound(BacktestError, NotFound):
    """A sweep or a cell that does not exist, or belongs to someone else."""

    code = "sweep_not_found"


class SweepUnfinished(BacktestError, Conflict):
    """Cells were asked for before there are any."""

    code = "sweep_unfinished"


class CellRefused(BacktestError, InvalidInput):
    """A cell that cannot be run, because its values do not go together."""

    code = "cell_invalid"


class ColumnsDamaged(BacktestError, Unavailable):
    """The file of columns is missing, or is not what was written."""

    code = "sweep_damaged"

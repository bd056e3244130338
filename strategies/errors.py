"""The errors of strategies. Each message names the value and the remedy."""

from algotrade.errors import InvalidInput, LabError, NotFound


class StrategyError(LabError):
    """Root of the errors of this app."""

    code = "strategy_error"


class IndicatorError(StrategyError, InvalidInput, ValueError):
    """An indicator was given a column or a period that it cannot use."""

    code = "indicator_invalid"


class ParameterError(StrategyError, InvalidInput, ValueError):
    """Parameters that a strategy type refuses; `fields` names each of them."""

    code = "parameters_invalid"


class SignalError(StrategyError, InvalidInput, ValueError):
    """A strategy's own code returned something that is not a target."""

    code = "signal_invalid"


class UnknownStrategyType(StrategyError, NotFound, LookupError):
    """No strategy type is registered under the key."""

    code = "strategy_type_unknown"


class StrategyNotFound(StrategyError, NotFound):
    """A saved strategy that does not exist, or belongs to someone else."""

    code = "strategy_not_found"


class StrategyInvalid(StrategyError, InvalidInput):
    """A saved strategy was given values that cannot be stored; `fields` names each of them."""

    code = "strategy_invalid"

"""What the engine refuses. Each message names the field or bar, the value and the remedy."""

from algotrade.errors import InvalidInput


class EngineError(InvalidInput):
    """Input that the simulator cannot work with."""

    code = "engine_invalid"


class ConfigError(EngineError):
    """A simulation setting that is unknown, out of range or without effect."""

    code = "configuration_invalid"


class TargetError(EngineError):
    """A target array that does not fit its bars or holds values other than -1, 0, +1 and NaN."""

    code = "target_invalid"

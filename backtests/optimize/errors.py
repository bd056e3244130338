"""What a sweep refuses. Each message names the axis, the value and the remedy."""

from algotrade.errors import InvalidInput


class SpaceError(InvalidInput):
    """An axis or a space that cannot be swept."""

    code = "sweep_space_invalid"

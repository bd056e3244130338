"""Hyper-parameters that know which of their values are worth trying.

A form takes any value within the bounds; a search tries `tries` only, or what lies between the first and the last
of them. They are listed from the simplest model to the most complex, by which a search settles a tie.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from strategies.params import FloatParam, IntParam


@dataclass(frozen=True, slots=True)
class TunedInt(IntParam):
    """A whole number with the values that a search tries; none: a search leaves it alone."""

    _: KW_ONLY
    tries: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        IntParam.__post_init__(self)
        for value in self.tries:
            self.clean(value)

    def grid(self) -> tuple[int, ...]:
        return self.tries


@dataclass(frozen=True, slots=True)
class TunedFloat(FloatParam):
    """A number with the values that a search tries; none: a search leaves it alone."""

    _: KW_ONLY
    tries: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        FloatParam.__post_init__(self)
        for value in self.tries:
            self.clean(value)

    def grid(self) -> tuple[float, ...]:
        return self.tries

"""The times in the first lines of a file: which way they run, and where they fall."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from marketdata.reading.moments import EPOCH
from marketdata.reading.recognition.guessing import HOUR

MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SampleTimes:
    """The times of a sample: UTC nanoseconds as if no zone mattered, in the order of the file."""

    time_format: str
    values: list[int] = field(default_factory=list)
    offsets: set[dt.timedelta] = field(default_factory=set)
    has_local: bool = False

    @property
    def newest_first(self) -> bool:
        falling = sum(after < before for before, after in pairwise(self.values))
        return 2 * falling > len(self.values) - 1

    @property
    def falls(self) -> list[tuple[int, int]]:
        """Neighbours of which the second is not later."""
        return [(before, after) for before, after in pairwise(self.values) if before >= after]

    def is_back_by_an_hour(self, before: int, after: int) -> bool:
        """Whether clock times fall as at the end of daylight saving: on a Sunday before 4:00, by an hour."""
        moment = EPOCH + after // 1000 * MICROSECOND
        back = before - after + middle(self.values)
        return (
            self.has_local
            and not self.offsets
            and (moment.weekday(), moment.hour < 4) == (6, True)
            and HOUR // 2 <= back <= HOUR
        )

    def moments(self, *, as_instants: bool) -> list[dt.datetime]:
        """The times as instants in UTC, or as they stand in the file, without a zone."""
        zone = dt.UTC if as_instants else None
        return [(EPOCH + value // 1000 * MICROSECOND).replace(tzinfo=zone) for value in self.values]


def middle(times: Sequence[int]) -> int:
    """Return the median step between neighbours; 0 for a single time."""
    steps = sorted(abs(after - before) for before, after in pairwise(times))
    return steps[len(steps) // 2] if steps else 0

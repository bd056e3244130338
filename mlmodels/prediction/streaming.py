"""Features of many bars a block of rows at a time, without ever holding all of them.

Indicators such as averages that never forget need their whole past, so a feature cannot be computed from a block of
bars alone and stay the same to the last bit. It is computed over all bars, one feature after the other; what does not
fit is put into a temporary file and read back in rows. Pure: numpy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import NoRoom
from mlmodels.features import prepare

Floats: TypeAlias = NDArray[np.float64]
ReadRows: TypeAlias = Callable[[int, int], Floats]

IN_MEMORY_VALUES = 4_000_000
"""Up to so many values (32 MB) a table is kept in memory."""

_SIZE = np.dtype(np.float64).itemsize


@contextmanager
def feature_rows(bars: Bars, configuration: TrainingConfiguration, first: int) -> Iterator[ReadRows]:
    """Give `read(start, after)`: the configured features of these bars, shape (after - start, n_features).

    Parameters
    ----------
    bars : Bars
    configuration : TrainingConfiguration
        Names the features.
    first : int
        The first row that will be read.

    Yields
    ------
    callable
        To the last bit what `prepare` gives for these rows; valid within the context.

    Raises
    ------
    NoRoom
        When the temporary file cannot be written.
    """
    strategies = configuration.strategy_features
    width = len(configuration.features) + sum(len(each.names) for each in strategies)
    if (len(bars) - first) * width <= IN_MEMORY_VALUES:
        values = prepare(bars, configuration.features, strategies).values
        yield lambda start, after: values[start:after]
        return
    with TemporaryFile(prefix="features-") as file:
        try:
            for column in _columns(bars, configuration):
                file.write(np.ascontiguousarray(column[first:]).data)
            file.flush()
        except OSError as error:
            needed = (len(bars) - first) * width * _SIZE / 1e6
            raise NoRoom(
                f"The features of {len(bars):,} bars need {needed:,.0f} MB of room for temporary files "
                f"({error.strerror}). Make room, set TMPDIR to another folder, or choose a shorter period."
            ) from error
        yield _reader(file.fileno(), len(bars) - first, first, width)


def _columns(bars: Bars, configuration: TrainingConfiguration) -> Iterator[Floats]:
    for name in configuration.features:
        yield from prepare(bars, (name,)).values.T
    for each in configuration.strategy_features:
        yield from prepare(bars, (), (each,)).values.T


def _reader(handle: int, count: int, first: int, width: int) -> ReadRows:
    def read(start: int, after: int) -> Floats:
        values = np.empty((after - start, width))
        for column in range(width):
            place = (column * count + start - first) * _SIZE
            values[:, column] = np.frombuffer(os.pread(handle, (after - start) * _SIZE, place))
        return values

    return read

"""Finished units of a training, a fold or a trial of a search, kept so that a killed process need not fit them again.

What a unit found is kept as plain arrays: numbers come back with the same bits, so the report and the final model are
those of a training that nothing disturbed. Small units are written together: a killed process costs the unit that it
was at, and what had ended in the seconds before. Each file is named by what it belongs to; that of another training in
the same folder is not read.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import Bundles, Checkpoints

Arrays: TypeAlias = Mapping[str, NDArray[Any]]

KEEP_SECONDS = 2.0
"""Between two files; a unit that took longer is written as it ends."""


class Units:
    """The finished units of one training, or of a part of it, by name."""

    def __init__(self, bundles: Bundles, known: Mapping[str, Arrays], prefix: str = "") -> None:
        self._bundles, self._known, self._prefix = bundles, known, prefix

    @classmethod
    def of(cls, checkpoints: Checkpoints, training: str) -> Units:
        """Those that a process before this one has kept there of the same training, which a digest names."""
        bundles = Bundles(checkpoints, f"units-{training}", KEEP_SECONDS)
        return cls(bundles, dict(map(_unpacked, bundles.recall())))

    def within(self, name: str) -> Units:
        """The units of a part of the training."""
        return Units(self._bundles, self._known, f"{self._prefix}{name}/")

    def recall(self, name: str) -> Arrays | None:
        """What a unit found, exactly; None where it has to be computed."""
        return self._known.get(self._prefix + name)

    def add(self, name: str, **found: NDArray[Any]) -> None:
        """A unit has ended."""
        self._bundles.add(_packed(self._prefix + name, found))


def _packed(name: str, found: Arrays) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {f"{name}:{key}": value for key, value in found.items()}
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(unit: bytes) -> tuple[str, Arrays]:
    with np.load(io.BytesIO(unit), allow_pickle=False) as stored:
        places = [place.rpartition(":") for place in stored.files]
        return places[0][0], {key: stored[f"{name}:{key}"] for name, _, key in places}

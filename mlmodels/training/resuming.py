"""Finished units of a training, a fold or a trial of a search, kept so that a killed process need not fit them again.

What a unit found is kept as plain arrays: numbers come back with the same bits, so the report and the final model are
those of a training that nothing disturbed. Small units are written together: a killed process costs the unit that it
was at, and what had ended in the seconds before. Each file begins with what it belongs to; that of another training in
the same folder is not read.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Checkpoints

Arrays: TypeAlias = Mapping[str, NDArray[Any]]

KEEP_SECONDS = 2.0
"""Between two files; a unit that took longer is written as it ends."""


class _Store:
    """Bundles of units, in the order of their end."""

    def __init__(self, checkpoints: Checkpoints, training: str) -> None:
        self._checkpoints, self._title = checkpoints, f"{training}\n".encode()
        self._bundles = 0
        self._new: dict[str, Arrays] = {}
        self._since = time.monotonic()
        self.known: dict[str, Arrays] = {}
        while (content := checkpoints.load(self._name)) is not None and content.startswith(self._title):
            self.known.update(_unpacked(content[len(self._title) :]))
            self._bundles += 1

    @property
    def _name(self) -> str:
        return f"units-{self._bundles}"

    def add(self, name: str, found: Arrays) -> None:
        self._new[name] = found
        if self._checkpoints is not NOWHERE and time.monotonic() - self._since >= KEEP_SECONDS:
            self._checkpoints.keep(self._name, self._title + _packed(self._new))
            self._bundles, self._new, self._since = self._bundles + 1, {}, time.monotonic()


class Units:
    """The finished units of one training, or of a part of it, by name."""

    def __init__(self, store: _Store, prefix: str = "") -> None:
        self._store, self._prefix = store, prefix

    @classmethod
    def of(cls, checkpoints: Checkpoints, training: str) -> Units:
        """Those that a process before this one has kept there of the same training, which a digest names."""
        return cls(_Store(checkpoints, training))

    def within(self, name: str) -> Units:
        """The units of a part of the training."""
        return Units(self._store, f"{self._prefix}{name}/")

    def recall(self, name: str) -> Arrays | None:
        """What a unit found, exactly; None where it has to be computed."""
        return self._store.known.get(self._prefix + name)

    def add(self, name: str, **found: NDArray[Any]) -> None:
        """A unit has ended."""
        self._store.add(self._prefix + name, found)


def _packed(units: Mapping[str, Arrays]) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {
        f"{name}:{key}": value for name, found in units.items() for key, value in found.items()
    }
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(content: bytes) -> dict[str, Arrays]:
    found: dict[str, dict[str, NDArray[Any]]] = {}
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        for place in stored.files:
            name, _, key = place.rpartition(":")
            found.setdefault(name, {})[key] = stored[place]
    return dict(found)

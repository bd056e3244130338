"""Finished units of long work as bytes, so that whoever begins again need not compute them again. Pure: no framework.

What computes takes a `Checkpoints` and asks it before each unit of some seconds of work. A unit that cannot be read, or
not kept, is computed: only time depends on them, never a result.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from algotrade.files import whole_file

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,99}")
_DIGEST_BYTES = hashlib.sha256().digest_size
_LENGTH_BYTES = 8


class Checkpoints(Protocol):
    """Where finished units are kept. A unit's name consists of letters, digits and `_ . = -`, 100 at most."""

    def numbers(self, name: str) -> list[int]:
        """Each n for which a unit `<name>-<n>` was kept, in ascending order; a damaged one counts."""

    def load(self, unit: str) -> bytes | None:
        """The content of a unit exactly as it was kept, or None when it is absent or damaged."""

    def keep(self, unit: str, content: bytes) -> None:
        """Keep a finished unit, whole or not at all; a full disk costs only the resumption."""


class _Nowhere:
    """Keeps nothing: for notebooks, and for work that is not worth it."""

    def numbers(self, name: str) -> list[int]:
        return []

    def load(self, unit: str) -> bytes | None:
        return None

    def keep(self, unit: str, content: bytes) -> None:
        """Forget it."""


NOWHERE: Checkpoints = _Nowhere()


class FolderCheckpoints:
    """Units as files of one folder, each after the sha256 of its content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._refused = False

    def numbers(self, name: str) -> list[int]:
        try:
            found = [file.name.rpartition("-") for file in self.folder.iterdir()]
        except OSError:
            return []
        return sorted(int(number) for stem, _, number in found if stem == name and number.isdecimal())

    def load(self, unit: str) -> bytes | None:
        path = self._path(unit)
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("Checkpoint %s cannot be read (%s); it is computed again", path, error.strerror)
            return None
        digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            logger.warning("Checkpoint %s is damaged; it is computed again", path)
            return None
        return content

    def keep(self, unit: str, content: bytes) -> None:
        path = self._path(unit)
        if self._refused:
            return
        try:
            with whole_file(path) as stream:
                stream.write(hashlib.sha256(content).digest())
                stream.write(content)
        except OSError as error:
            self._refused = True  # a full disk stays full for a while, and one line in the log is enough
            logger.warning(
                "Checkpoint %s was not kept (%s): if its process dies, this work begins again further back",
                path,
                error.strerror,
            )

    def _path(self, unit: str) -> Path:
        if not _NAME.fullmatch(unit):
            raise ValueError(f"{unit!r} names no unit: use letters, digits and _ . = - (100 at most).")
        return self.folder / unit


class Bundles:
    """Small units, some seconds of work to a file: what a killed process costs is what ended in the seconds before.

    Parameters
    ----------
    checkpoints : Checkpoints
    name : str
        The files are units `<name>-0`, `<name>-1` and so on.
    seconds : float
        Between two files; a unit that took longer is written as it ends.
    """

    def __init__(self, checkpoints: Checkpoints, name: str, seconds: float) -> None:
        self._checkpoints, self._name, self._seconds = checkpoints, name, seconds
        self._kept = checkpoints.numbers(name)
        self._next = self._kept[-1] + 1 if self._kept else 0
        self._new: list[bytes] = []
        self._since = time.monotonic()

    def recall(self) -> Iterator[bytes]:
        """What was kept before, in the order of its end. A damaged file costs the units in it and no other."""
        for number in self._kept:
            content = self._checkpoints.load(f"{self._name}-{number}") or b""
            place = 0
            while place < len(content):
                first = place + _LENGTH_BYTES
                place = first + int.from_bytes(content[place:first], "little")
                yield content[first:place]

    def add(self, unit: bytes) -> None:
        """A unit has ended."""
        self._new += [len(unit).to_bytes(_LENGTH_BYTES, "little"), unit]
        if time.monotonic() - self._since >= self._seconds:
            self._checkpoints.keep(f"{self._name}-{self._next}", b"".join(self._new))
            self._next, self._new, self._since = self._next + 1, [], time.monotonic()


def fingerprint_of(**inputs: object) -> str:
    """One name for all that a result depends on: what JSON can hold, mappings in any order."""
    text = json.dumps(inputs, sort_keys=True, default=_plain, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"A {type(value).__name__} is nothing that JSON holds: give its parts.")

"""Random numbers that are the same for the same data, seed and purpose, and others for any other."""

from __future__ import annotations

import hashlib
from typing import Literal, TypeAlias

import numpy as np

from marketdata.bars import Bars

Purpose: TypeAlias = Literal["audit", "shuffled_labels", "random_walk"]


def fingerprint(bars: Bars) -> str:
    """Return a sha256 over all columns of the bars."""
    digest = hashlib.sha256()
    for column in (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def draws(bars: Bars, seed: int, purpose: Purpose) -> np.random.Generator:
    """A generator of its own for these bars: one unlucky draw must not judge every data set alike."""
    said = f"{seed} {purpose} {fingerprint(bars)}"
    return np.random.default_rng(int.from_bytes(hashlib.sha256(said.encode()).digest(), "big"))

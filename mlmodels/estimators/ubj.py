"""Universal Binary JSON, as far as XGBoost writes it, read to be looked at before XGBoost reads it.

XGBoost's own reader ends the whole process when a file stops in the middle, and believes the indices in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlmodels.estimators.nodes import check_nodes

DEEPEST = 50
_NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_WHOLE = b"iUIlL"
_CONSTANTS = {b"T": True, b"F": False, b"Z": None}
_NODE_COLUMNS = ("base_weights", "default_left", "loss_changes", "parents", "split_conditions", "split_type")


def read(content: bytes) -> Any:
    """Return the value of the bytes, arrays of numbers as ndarrays; ValueError unless they are exactly one value."""
    reader = _Reader(content)
    value = reader.value(reader.take(1), 0)
    if reader.place != len(content):
        raise ValueError("something follows the end of the booster")
    return value


def check_booster(document: Any, objective: str) -> None:
    """Raise ValueError, KeyError or TypeError unless it is a booster of sound trees for this objective."""
    learner = document["learner"]
    found, booster = learner["objective"]["name"], learner["gradient_booster"]
    if found != objective:
        raise ValueError(f"it was trained for {found}, not for {objective}")
    if booster["name"] != "gbtree":
        raise ValueError(f"its booster is {booster['name']}, not gbtree")
    features = int(learner["learner_model_param"]["num_feature"])
    trees = booster["model"]["trees"]
    if len(booster["model"]["tree_info"]) != len(trees) or np.any(booster["model"]["tree_info"]):
        raise ValueError("its trees are for more than two outcomes")
    for tree in trees:
        left, right, feature = (
            _column(tree, name) for name in ("left_children", "right_children", "split_indices")
        )
        count = len(left)
        columns = [right, feature, *(_column(tree, name) for name in _NODE_COLUMNS)]
        if int(tree["tree_param"]["num_nodes"]) != count or {len(column) for column in columns} != {count}:
            raise ValueError("the columns of a tree differ in length")
        if np.any(_column(tree, "split_type")):
            raise ValueError("a node of a tree asks for a category")
        leaf = left == -1
        if (leaf != (right == -1)).any():
            raise ValueError("a node of a tree has one child")
        check_nodes(left, right, feature, leaf=leaf, features=features)


def _column(tree: Any, name: str) -> NDArray[Any]:
    column = np.asarray(tree[name])
    if column.ndim != 1 or column.dtype.kind not in "iuf":
        raise TypeError(f"{name} of a tree is no column of numbers")
    return column


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self.content) - self.place:
            raise ValueError("the booster ends in the middle")
        self.place += count
        return self.content[self.place - count : self.place]

    def value(self, marker: bytes, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("the booster is nested too deeply")
        if marker == b"{":
            return self._object(depth)
        if marker == b"[":
            return self._array(depth)
        if marker == b"S":
            return self._text(self.take(1))
        if marker in _NUMBERS:
            return self._numbers(marker, 1)[0].item()
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        raise ValueError(f"the booster holds {marker!r}, which is no value")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (marker := self.take(1)) != b"}":
            name = self._text(marker)
            if name in found:
                raise ValueError(f"{name} stands twice")
            found[name] = self.value(self.take(1), depth + 1)
        return found

    def _array(self, depth: int) -> Any:
        marker = self.take(1)
        if marker == b"$":
            kind = self.take(1)
            if kind not in _NUMBERS or self.take(1) != b"#":
                raise ValueError("an array of the booster has no numbers or no length")
            return self._numbers(kind, self._whole(self.take(1)))
        if marker == b"#":
            return [self.value(self.take(1), depth + 1) for _ in range(self._whole(self.take(1)))]
        found = []
        while marker != b"]":
            found.append(self.value(marker, depth + 1))
            marker = self.take(1)
        return found

    def _numbers(self, kind: bytes, count: int) -> NDArray[Any]:
        dtype = np.dtype(_NUMBERS[kind])
        return np.frombuffer(self.take(count * dtype.itemsize), dtype=dtype)

    def _text(self, kind: bytes) -> str:
        return self.take(self._whole(kind)).decode()

    def _whole(self, kind: bytes) -> int:
        if kind not in _WHOLE or not kind:
            raise ValueError("a length of the booster is no whole number")
        count = int(self._numbers(kind, 1)[0])
        if count < 0:
            raise ValueError("a length of the booster is below 0")
        return count

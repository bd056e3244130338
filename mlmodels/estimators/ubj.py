"""Universal Binary JSON, as far as XGBoost writes it, read to be looked at before XGBoost reads it.

XGBoost's own reader ends the whole process when a file stops in the middle, and believes the indices in it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.estimators.nodes import check_nodes

Numbers: TypeAlias = NDArray[Any]

DEEPEST = 50
_NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_WHOLE = b"iUIlL"
_CONSTANTS = {b"T": True, b"F": False, b"Z": None}
_NODE_COLUMNS = (
    "base_weights",
    "default_left",
    "loss_changes",
    "split_conditions",
    "split_type",
    "sum_hessian",
)
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_NO_PARENT = 2**31 - 1


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
    features = _one(learner["learner_model_param"], "num_feature", least=1)
    _check_shape(learner["learner_model_param"], booster["model"])
    for number, tree in enumerate(booster["model"]["trees"]):
        if tree["id"] != number:
            raise ValueError("its trees are not in order")
        _check_tree(tree, features)


def _check_shape(outcome: Any, model: Any) -> None:
    """One tree a round, one number an outcome, and nothing about categories: what XGBoost counts on unlooked."""
    trees = len(model["trees"])
    if (
        not trees
        or model["tree_info"] != [0] * trees
        or (outcome["num_class"], outcome["num_target"]) != ("0", "1")
    ):
        raise ValueError("its trees are for more than two outcomes")
    said = model["gbtree_model_param"]
    if (said["num_trees"], said["num_parallel_tree"]) != (str(trees), "1"):
        raise ValueError("it holds another number of trees than it says")
    if model["iteration_indptr"] != list(range(trees + 1)):
        raise ValueError("its rounds are not one tree each")
    if any(len(column) for column in model["cats"].values()):
        raise ValueError("it knows categories")


def _check_tree(tree: Any, features: int) -> None:
    left, right, feature, parents = (
        _column(tree, name) for name in ("left_children", "right_children", "split_indices", "parents")
    )
    count = len(left)
    columns = [right, feature, parents, *(_column(tree, name) for name in _NODE_COLUMNS)]
    said = tree["tree_param"]
    if _one(said, "num_nodes", least=1) != count or {len(column) for column in columns} != {count}:
        raise ValueError("the columns of a tree differ in length")
    if (said["num_deleted"], said["size_leaf_vector"], said["num_feature"]) != ("0", "1", str(features)):
        raise ValueError("a tree says that it is of another kind than the booster")
    if np.any(_column(tree, "split_type")) or any(_column(tree, name).size for name in _CATEGORIES):
        raise ValueError("a node of a tree asks for a category")
    leaf = left == -1
    if (leaf != (right == -1)).any():
        raise ValueError("a node of a tree has one child")
    check_nodes(left, right, feature, leaf=leaf, features=features)
    _check_parents(left, right, parents, np.flatnonzero(~leaf))


def _check_parents(left: Numbers, right: Numbers, parents: Numbers, inner: Numbers) -> None:
    """XGBoost's reader walks from each node up to its root, wherever that leads."""
    expected = np.full(len(parents), _NO_PARENT, dtype=np.int64)
    expected[left[inner]] = expected[right[inner]] = inner
    children = np.sort(np.concatenate((left[inner], right[inner])))
    if not np.array_equal(children, np.arange(1, len(parents))) or not np.array_equal(parents, expected):
        raise ValueError("a node of a tree has another parent than the one that leads to it")


def _one(said: Any, name: str, *, least: int) -> int:
    number = int(said[name])
    if number < least or said[name] != str(number):
        raise ValueError(f"its {name} is {said[name]}")
    return number


def _column(tree: Any, name: str) -> Numbers:
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

    def _numbers(self, kind: bytes, count: int) -> Numbers:
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

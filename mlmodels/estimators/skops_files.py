"""scikit-learn's fitted objects as bytes, with a list of exactly those types that may stand in them.

skops runs no pickle, and trusts every estimator of scikit-learn by default; that is more than a stored model needs.
So the names of all types are read first, as text, and one that the algorithm does not need refuses the whole file.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import skops.io

SCHEMA = "schema.json"
LARGEST_UNPACKED = 2 * 1024**3

PLAIN_TYPES = frozenset(
    {
        "builtins.bool",
        "builtins.dict",
        "builtins.float",
        "builtins.int",
        "builtins.list",
        "builtins.str",
        "builtins.tuple",
        "numpy.dtype",
        "numpy.float64",
        "numpy.int64",
        "numpy.ndarray",
        "numpy.uint64",
    }
)


def dump(model: Any) -> bytes:
    """Return the fitted object in skops' format."""
    content: bytes = skops.io.dumps(model)
    return content


def load(content: bytes, *, trusted: frozenset[str], kind: type) -> Any:
    """Return the object of exactly the type `kind`.

    Raises
    ------
    ValueError, TypeError
        When the file is damaged, unpacks to more than any model needs, holds a type that is neither plain nor in
        `trusted`, or holds another kind of object. No type is imported before all names were compared.
    """
    unknown = sorted(_types(content) - PLAIN_TYPES - trusted)
    if unknown:
        raise TypeError(f"it holds {', '.join(unknown[:3])}, which no {kind.__name__} needs")
    model = skops.io.loads(content, trusted=sorted(trusted))
    if type(model) is not kind:
        raise TypeError(f"a {type(model).__name__} stands where a {kind.__name__} should be")
    return model


def _types(content: bytes) -> set[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST_UNPACKED:
                raise ValueError("it unpacks to more than any model needs")
            schema = json.loads(archive.read(SCHEMA))
    except zipfile.BadZipFile as error:
        raise ValueError("it is no skops file") from error
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__class__" in node or "__module__" in node:
                found.add(f"{node.get('__module__')}.{node.get('__class__')}")
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found

"""Whether the nodes of a stored tree lead to a leaf.

scikit-learn's compiled code follows the indices without looking at them: a wrong one reads foreign memory or never
ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_nodes(
    left: NDArray[Any], right: NDArray[Any], feature: NDArray[Any], *, leaf: NDArray[np.bool_], features: int
) -> None:
    """Raise ValueError unless each inner node has later nodes for children and asks for one of `features` columns.

    Parameters
    ----------
    left, right, feature : ndarray of integers, shape (n_nodes,)
    leaf : ndarray of bool, shape (n_nodes,)
    """
    inner = np.flatnonzero(~leaf)
    count = len(left)
    for child in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        if ((child <= inner) | (child >= count)).any():
            raise ValueError("a node of a tree leads nowhere")
    asked = feature[inner].astype(np.int64)
    if not count or ((asked < 0) | (asked >= features)).any():
        raise ValueError("a node of a tree asks for a feature that does not exist")

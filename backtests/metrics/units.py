"""The units a figure can have, and the shape of a definition's row."""

from typing import Literal

Unit = Literal["fraction", "ratio", "money", "count", "bars", "days"]
Row = tuple[str, str, str, Unit, str, str]

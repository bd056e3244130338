"""What the pages draw and print, as rows of a CSV file with every digit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlmodels.services import Comparison

CURVE_HEAD = ("curve", "line", "x", "y", "more")
EQUITY_HEAD = ("unix_time", "line", "growth_of_100")
COMPARISON_HEAD = ("part", "key", "label", "first", "second", "difference", "standard_error")


def curve_rows(drawings: Mapping[str, Mapping[str, Any]]) -> Iterator[Sequence[Any]]:
    """Each point of each line of these curves."""
    lines = ((key, line) for key, drawing in drawings.items() for line in drawing["lines"])
    for key, line in lines:
        for point in line["points"]:
            yield [key, line["label"], *point, *[None] * (3 - len(point))]


def equity_rows(lines: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Any]]:
    """Each point of each line of growth."""
    for line in lines:
        for seconds, value in line["points"]:
            yield [seconds, line["label"], value]


def comparison_rows(found: Comparison) -> Iterator[Sequence[Any]]:
    """Both models by name, what was measured on the same bars, the scores, and the settings that differ."""
    yield ["models", "name", "", str(found.first), str(found.second), None, None]
    if found.paired is not None:
        for key in ("log_loss", "accuracy"):
            gap = getattr(found.paired, key)
            yield ["same bars", key, "", gap.first, gap.second, gap.mean, gap.error]
    for pair in found.scores:
        yield ["own bars", pair.key, pair.label, pair.first, pair.second, pair.difference, None]
    for item in found.settings:
        yield ["settings", item.name, item.label, _plain(item.first), _plain(item.second), None, None]


def _plain(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else value

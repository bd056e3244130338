"""A map of a sweep as JSON and as CSV: what the page's chart and the API's `heatmap` both answer."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.text import slugify

from algotrade.csv_files import csv_response
from algotrade.errors import nearest
from backtests.metrics.definitions import DEFINITIONS
from backtests.models import Sweep
from backtests.optimize.result import SWEEP_METRICS
from backtests.sweeps.cells import Cells
from backtests.sweeps.presentation import CENTRES, AxisWords, in_words, words_of
from backtests.sweeps.services import SweepService
from backtests.sweeps.surface import Side, Surface, SurfaceRefused, surface

PARAMETERS = ("x", "y", "metric", "how", "at")


def read_map(sweep: Sweep, query: Any) -> tuple[Cells, Surface, str]:
    """The map that a query asks for: `x`, `y`, `metric`, `how`, and `at=axis:number` for each axis held fast."""
    cells = SweepService.cells(sweep)
    names = [axis.name for axis in cells.axes]
    x = query.get("x") or names[0]
    y = query.get("y", names[1] if len(names) > 1 and x == names[0] else "") or None
    metric = query.get("metric") or sweep.objective
    fixed = {}
    for said in query.getlist("at"):
        name, _colon, number = said.rpartition(":")
        if name not in names or not (number.isascii() and number.isdigit()):
            known = ", ".join(names)
            raise SurfaceRefused(
                f"at={said[:60]}: give an axis ({known}) and the number of its value, as in {names[0]}:0."
            )
        fixed[name] = int(number[:9])
    return cells, surface(cells, metric, x, y, how=query.get("how") or "best", fixed=fixed), metric


def map_json(sweep: Sweep, query: Any) -> dict[str, Any]:
    """The matrix with everything a chart prints: labels, units, middle and ends of the colours."""
    cells, found, metric = read_map(sweep, query)
    words = words_of(sweep)
    definition = DEFINITIONS[metric]
    best = cells.best(metric) if metric in SWEEP_METRICS else None
    return {
        "metric": metric,
        "label": definition.label,
        "unit": definition.unit,
        "centre": CENTRES.get(metric)
        if metric != "final_equity"
        else sweep.configuration.get("initial_capital"),
        "low": _plain(found.low),
        "high": _plain(found.high),
        "x": _side(found.x, words),
        "y": None if found.y is None else _side(found.y, words),
        "values": [[_plain(value) for value in row] for row in found.values.tolist()],
        "cells": [[None if cell < 0 else cell for cell in row] for row in found.cells.tolist()],
        "counts": found.counts.tolist(),
        "best": best,
    }


def map_csv(sweep: Sweep, query: Any) -> StreamingHttpResponse:
    """The same map as a table: one row a square."""
    _cells, found, metric = read_map(sweep, query)
    sides = [side for side in (found.x, found.y) if side is not None]
    heads = [head for side in sides for head in _heads(side)]

    def rows() -> Iterator[list[Any]]:
        for y in range(found.values.shape[0]):
            for x in range(found.values.shape[1]):
                if found.cells[y, x] >= 0:
                    places = (x, y)[: len(sides)]
                    ends = [
                        end for side, place in zip(sides, places, strict=True) for end in _ends(side, place)
                    ]
                    square = (
                        _plain(float(found.values[y, x])),
                        int(found.cells[y, x]),
                        int(found.counts[y, x]),
                    )
                    yield [*ends, *square]

    name = slugify(f"{sweep.strategy_name} {sweep.symbol} {sweep.pk} map {metric}")
    return csv_response(name, [*heads, metric, "cell", "cells"], rows())


def cells_csv(sweep: Sweep, sort: str) -> StreamingHttpResponse:
    """A download of every cell with all its figures, in the wanted order."""
    name = slugify(f"{sweep.strategy_name} {sweep.symbol} {sweep.pk} combinations")
    return csv_response(name, *cells_table(sweep, sort))


def cells_table(sweep: Sweep, sort: str) -> tuple[list[str], Iterator[list[Any]]]:
    """The columns of the cells' table, and its rows in the wanted order."""
    cells = SweepService.cells(sweep)
    order = cells.page(sort or cells.best_first(sweep.objective), 0, len(cells))
    names = [axis.name for axis in cells.axes]

    def rows() -> Iterator[list[Any]]:
        for number in order:
            values, metrics = cells.values(number), cells.figures(number)
            yield [number, *(values[name] for name in names), int(cells.valid[number]), *metrics.values()]

    return ["cell", *names, "valid", *SWEEP_METRICS], rows()


def check_parameters(query: Any, known: tuple[str, ...]) -> dict[str, list[str]]:
    """Messages by name for query parameters that would otherwise be ignored."""
    return {
        name: [f"There is no such parameter. {nearest(name, known)}"] for name in query if name not in known
    }


def best_in_words(sweep: Sweep, words: Mapping[str, AxisWords]) -> str:
    return in_words(sweep.best[0]["values"], words) if sweep.best else ""


def _side(side: Side, words: Mapping[str, AxisWords]) -> dict[str, Any]:
    said = words[side.axis.name]
    pairs = list(zip(side.first, side.last, strict=True))
    texts = [
        said.text(first) if first == last else f"{said.text(first)}–{said.text(last)}"
        for first, last in pairs
    ]
    return {
        "name": side.axis.name,
        "label": said.label,
        "unit": said.unit,
        "values": list(side.first),
        "last_values": list(side.last),
        "texts": texts,
        "binned": side.is_binned,
    }


def _heads(side: Side) -> list[str]:
    return [side.axis.name, f"{side.axis.name}_last"] if side.is_binned else [side.axis.name]


def _ends(side: Side, place: int) -> list[Any]:
    return [side.first[place], side.last[place]] if side.is_binned else [side.first[place]]


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value

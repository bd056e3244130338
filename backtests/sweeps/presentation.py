"""Sweeps arranged for pages and the API: headline, map, table, one cell. Words and formats, no arithmetic."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from algotrade.errors import LabError
from algotrade.templatetags import figures
from backtests.metrics.definitions import DEFINITIONS
from backtests.models import Sweep
from backtests.optimize.result import SWEEP_METRICS
from backtests.optimize.space import Axis
from backtests.presentation import Figure, figure
from backtests.robustness.deflated import expected_maximum
from backtests.sweeps.axes import setting_label
from backtests.sweeps.cells import Cells, Neighbours
from backtests.sweeps.one_cell import settings_of
from backtests.vocabulary import SETTINGS, WORDS
from strategies.params import BoolParam, ChoiceParam, Param
from strategies.registry import get_strategy_class

PAGE_SIZE = 20
TABLE_METRICS = (
    "total_return",
    "cagr",
    "sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "max_drawdown",
    "total_trades",
    "win_rate",
    "profit_factor",
)
CENTRES = {
    "total_return": 0.0,
    "cagr": 0.0,
    "sharpe_ratio": 0.0,
    "sortino_ratio": 0.0,
    "calmar_ratio": 0.0,
    "profit_factor": 1.0,
}
"""Where a figure changes from bad to good: the middle of the map's two colours."""


@dataclass(frozen=True, slots=True)
class AxisWords:
    """An axis as people read it."""

    name: str
    label: str
    unit: str
    choices: Mapping[Any, str]
    is_percent: bool

    def text(self, value: Any) -> str:
        """One value, with its sign of percent where it is one."""
        if value is None:
            return _("none")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if self.is_percent:
            return figures.percent(value, _places(float(value) * 100.0))
        if isinstance(value, str):
            return str(self.choices.get(value, WORDS.get(value, value)))
        return f"{value:.10g}"


def words_of(sweep: Sweep) -> dict[str, AxisWords]:
    """Label and unit of each axis, by name; a type that is gone leaves the names."""
    try:
        strategy_class = get_strategy_class(sweep.strategy_type)
        tunable: dict[str, Param] = {param.name: param for param in strategy_class.tunable(sweep.parameters)}
    except LabError:
        tunable = {}
    found = {}
    for entry in sweep.axes:
        name = entry["name"]
        setting = name.partition(".")[2]
        param = tunable.get(name)
        percent = bool(setting) and SETTINGS.get(setting, ("", ""))[1] == "fraction"
        label = setting_label(setting) if setting else (_(param.label) if param and param.label else name)
        unit = "%" if percent else (_(param.unit) if param and param.unit else "")
        choices = dict(param.choices) if isinstance(param, ChoiceParam) else {}
        if isinstance(param, BoolParam):
            choices = {True: _("yes"), False: _("no")}
        found[name] = AxisWords(name, label, unit, choices, percent)
    return found


def in_words(values: Mapping[str, Any], words: Mapping[str, AxisWords]) -> str:
    """A combination in one line."""
    return " · ".join(f"{words[name].label} {words[name].text(value)}" for name, value in values.items())


@dataclass(frozen=True, slots=True)
class Headline:
    """What the page of a finished sweep says first."""

    best: dict[str, Any]
    values: str
    figures: list[Figure]
    objective: Figure
    median: Figure
    profitable: str
    luck: str
    neighbours: Neighbours | None
    neighbours_median: str
    stands_alone: bool


def headline(sweep: Sweep, cells: Cells, words: Mapping[str, AxisWords]) -> Headline | None:
    """The best cell beside the middle one, its neighbours, and what luck alone would have made of so many tries."""
    best = cells.best(sweep.objective)
    if best is None:
        return None
    row = cells.row(best)
    shown = [name for name in ("total_return", "sharpe_ratio", "max_drawdown") if name != sweep.objective][:2]
    own = float(row["metrics"][sweep.objective])
    beside = cells.neighbours(best, sweep.objective)
    median = cells.median(sweep.objective)
    return Headline(
        best=row,
        values=in_words(row["values"], words),
        figures=[figure(name, row["metrics"][name]) for name in shown],
        objective=figure(sweep.objective, own),
        median=figure(sweep.objective, _known(median)),
        profitable=figures.percent(_known(cells.profitable_share()), 1),
        luck=_luck(cells),
        neighbours=beside,
        neighbours_median=figure(sweep.objective, _known(beside.median)).text if beside else "",
        stands_alone=_stands_alone(own, median, beside),
    )


def _stands_alone(own: float, median: float, beside: Neighbours | None) -> bool:
    """Whether the neighbours lie nearer to the middle of all cells than to the best one: a peak, not a plateau."""
    if beside is None or math.isnan(beside.median) or math.isnan(median):
        return False
    return abs(own - beside.median) > abs(beside.median - median)


def _luck(cells: Cells) -> str:
    """The Sharpe ratio that the best of so many shows without any skill: their spread times E[max]."""
    ratios = cells.metric("sharpe_ratio")
    known = ratios[~np.isnan(ratios)]
    if known.size < 2:
        return ""
    return figures.ratio(float(known.std(ddof=1)) * expected_maximum(int(known.size)))


def table(sweep: Sweep, cells: Cells, words: Mapping[str, AxisWords], query: Any) -> dict[str, Any]:
    """One page of the cells in the wanted order, best first by default."""
    default = cells.best_first(sweep.objective)
    sort = query.get("sort") or default
    known = {"cell", *SWEEP_METRICS, *(axis.name for axis in cells.axes)}
    if sort.removeprefix("-") not in known:
        sort = default
    page: Page = Paginator(range(len(cells)), PAGE_SIZE).get_page(query.get("page"))
    numbers = cells.page(sort, page.start_index() - 1, page.end_index())
    page.object_list = [table_row(cells, number, words) for number in numbers]
    columns = [(name, DEFINITIONS[name].label) for name in TABLE_METRICS]
    return {"page_obj": page, "sort": sort, "metric_columns": columns, "axis_columns": list(words.values())}


def table_row(cells: Cells, number: int, words: Mapping[str, AxisWords]) -> dict[str, Any]:
    row = cells.row(number)
    return {
        **row,
        "texts": [(words[name].label, words[name].text(value)) for name, value in row["values"].items()],
        "figures": [figure(name, row["metrics"][name]) for name in TABLE_METRICS],
    }


def cell_context(sweep: Sweep, cells: Cells, number: int) -> dict[str, Any]:
    """One cell with the reason where it cannot be run or a figure has no value."""
    words = words_of(sweep)
    row = cells.row(number)
    return {
        "sweep": sweep,
        "number": number,
        "valid": row["valid"],
        "values": [
            (words[name].label, words[name].text(value), "" if words[name].is_percent else words[name].unit)
            for name, value in row["values"].items()
        ],
        "figures": [figure(name, row["metrics"][name], reason_for(row, name)) for name in SWEEP_METRICS],
        "refusal": refusal_of(sweep, row),
        "rank": _rank(sweep, cells, number),
    }


def reason_for(row: Mapping[str, Any], name: str) -> str:
    """Why a figure of a cell that was run has no value."""
    return DEFINITIONS[name].undefined if row["metrics"][name] is None else ""


def refusal_of(sweep: Sweep, row: Mapping[str, Any]) -> str:
    """Why a cell was not run, in the words of the strategy or the account."""
    if row["valid"]:
        return ""
    try:
        settings_of(sweep, row["values"])
    except LabError as error:
        return error.detail
    return _("The engine refused this combination.")


def _rank(sweep: Sweep, cells: Cells, number: int) -> str:
    """Its place among those that have the objective."""
    column = cells.metric(sweep.objective)
    value = column[number]
    if math.isnan(value):
        return ""
    better = column < value if not cells.best_first(sweep.objective).startswith("-") else column > value
    place, total = int(np.count_nonzero(better)) + 1, int(np.count_nonzero(~np.isnan(column)))
    return _("%(place)s of %(total)s") % {"place": figures.integer(place), "total": figures.integer(total)}


def map_controls(sweep: Sweep, cells: Cells, words: Mapping[str, AxisWords]) -> dict[str, Any]:
    """What the map's selects offer, and the two axes it begins with."""
    longest = sorted(cells.axes, key=lambda axis: -len(axis))
    sides = [axis.name for axis in cells.axes if axis in longest[:2]]
    names = [(name, DEFINITIONS[name].label) for name in SWEEP_METRICS]
    return {
        "metrics": names,
        "x": sides[0],
        "y": sides[1] if len(sides) > 1 else "",
        "axes": [
            {
                "name": axis.name,
                "label": words[axis.name].label,
                "values": list(enumerate(words[axis.name].text(value) for value in axis.values)),
            }
            for axis in cells.axes
        ],
    }


def axis_summary(axis: Axis, words: AxisWords) -> str:
    """An axis in one line of the facts: 2 to 30, 15 values."""
    if len(axis) == 1:
        return words.text(axis.values[0])
    if axis.column.dtype.kind not in "if" or len(axis) <= 4:
        return ", ".join(words.text(value) for value in axis.values)
    ends = {"first": words.text(axis.values[0]), "last": words.text(axis.values[-1]), "count": len(axis)}
    return _("%(first)s to %(last)s, %(count)d values") % ends


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _places(percent: float) -> int:
    return next((places for places in (0, 1, 2) if round(percent, places) == round(percent, 6)), 3)

"""Axes as people and scripts ask for them: lists of values, or from, to and step; checked before anything is queued."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput, nearest, shown
from algotrade.templatetags import figures
from backtests.engine.config import SimulationConfig
from backtests.engine.errors import ConfigError
from backtests.models import Sweep
from backtests.optimize.errors import SpaceError
from backtests.optimize.space import CONFIGURATION, Axis, Grid, RandomSearch, Space, combinations
from backtests.preparation import Problems
from backtests.sweeps.errors import SweepTooLarge
from backtests.vocabulary import SETTINGS
from strategies.base import BaseStrategy
from strategies.params import Param

MOST_AXES = 8
MOST_VALUES = 10_000
LOOKED_AT = 2_000
KEYS = ("name", "values", "start", "stop", "step")
SWEPT_SETTINGS = tuple(entry.name for entry in fields(SimulationConfig))


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many cells a space has, and about how many of them can be run (exactly, where all were looked at)."""

    cells: int
    valid: int
    exact: bool


@dataclass(frozen=True)
class Varied:
    """What a sweep starts from: the class, its stored parameters, the account, and what stays at another value."""

    strategy_class: type[BaseStrategy]
    parameters: Mapping[str, Any]
    config: SimulationConfig
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tunable(self) -> dict[str, Param]:
        return {param.name: param for param in self.strategy_class.tunable(self.parameters)}

    def at(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], SimulationConfig]:
        """Parameters and account of one cell, or the error that refuses it."""
        tuned = {name: value for name, value in values.items() if not name.startswith(CONFIGURATION)}
        changed = {
            name.removeprefix(CONFIGURATION): value
            for name, value in values.items()
            if name.startswith(CONFIGURATION)
        }
        config = SimulationConfig.from_dict({**self.config.to_dict(), **changed}) if changed else self.config
        return self.strategy_class.tuned(self.parameters, {**self.fixed, **tuned}), config


def read_axes(asked: Any, varied: Varied, problems: Problems) -> tuple[Axis, ...]:
    """The axes, each problem under "axes.<number>"; none where there was any."""
    if not isinstance(asked, Sequence) or isinstance(asked, str | bytes) or not asked:
        problems["axes"] = [_("Nothing is varied. Give at least one axis: a name, and values or a range.")]
        return ()
    if len(asked) > MOST_AXES:
        said = _("%(count)d axes are more than the %(most)d a sweep can have. Leave some at one value.")
        problems["axes"] = [said % {"count": len(asked), "most": MOST_AXES}]
        return ()
    axes: list[Axis] = []
    for number, entry in enumerate(asked):
        try:
            axes.append(_axis(entry, varied))
        except InvalidInput as error:
            problems[f"axes.{number}"] = [error.detail]
    names = [axis.name for axis in axes]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        said = _("%(name)s is varied by two axes. Put all its values into one.")
        problems.setdefault("axes", []).append(said % {"name": twice})
    return () if any(name.startswith("axes") for name in problems) else tuple(axes)


def read_space(
    axes: tuple[Axis, ...], method: str, samples: int | None, seed: int, problems: Problems
) -> Space | None:
    """The cells to try, within the limit of this lab."""
    limit: int = settings.SWEEP_MAX_CELLS
    if method not in Sweep.Method.values:
        problems["method"] = [f"{shown(method)}: {nearest(method, Sweep.Method.values)}"]
        return None
    count = combinations(axes)
    wanted = count if method == Sweep.Method.GRID else min(samples or 0, count)
    if method == Sweep.Method.RANDOM and not samples:
        problems["samples"] = [_("Say how many combinations to draw, at least 1.")]
    elif method == Sweep.Method.GRID and samples is not None:
        problems["samples"] = [
            _("A grid tries every combination. Leave this out, or choose the method random.")
        ]
    elif wanted > limit:
        said = _(
            "These are %(count)s combinations, and this lab sweeps at most %(limit)s at a time (SWEEP_MAX_CELLS). "
            "Take fewer values or larger steps, or draw a random sample."
        )
        name = "axes" if method == Sweep.Method.GRID else "samples"
        numbers = {"count": figures.integer(wanted), "limit": figures.integer(limit)}
        raise SweepTooLarge(fields={name: [said % numbers]})
    if problems:
        return None
    return Grid(axes) if method == Sweep.Method.GRID else RandomSearch(axes, int(samples or 0), seed)


def estimate(space: Space, varied: Varied) -> Estimate:
    """How many cells can be run; of a large space a fixed sample is looked at."""
    count = space.cell_count
    exact = count <= LOOKED_AT
    numbers = range(count) if exact else np.random.default_rng(0).integers(0, count, LOOKED_AT).tolist()
    good = sum(_can_run(values_at(space, cell), varied) for cell in numbers)
    return Estimate(count, good if exact else round(good / LOOKED_AT * count), exact)


def parameters_with_fixed(space: Space, varied: Varied) -> dict[str, Any]:
    """The stored parameters with what stays at another value, as each cell starts from them.

    A value that only goes together with values of an axis is frozen beside those of the first cell that can be run.
    """
    if not varied.fixed:
        return dict(varied.parameters)
    for values in ({}, *(values_at(space, cell) for cell in range(min(space.cell_count, LOOKED_AT)))):
        try:
            return varied.at(values)[0]
        except InvalidInput:
            continue
    raise SpaceError(_("None of the first %(count)d combinations can be run.") % {"count": LOOKED_AT})


def values_at(space: Space, cell: int) -> dict[str, Any]:
    """Plain values of one cell; an empty setting is None."""
    row = {name: column[0].item() for name, column in space.values_of(cell, cell + 1).items()}
    return {name: None if value != value else value for name, value in row.items()}


def stored_axes(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """The axes as a sweep's row keeps them."""
    return [{"name": axis.name, "values": list(axis.values)} for axis in axes]


def axes_of(stored: Sequence[Mapping[str, Any]]) -> tuple[Axis, ...]:
    """What `stored_axes` wrote."""
    return tuple(Axis(entry["name"], tuple(entry["values"])) for entry in stored)


def _can_run(values: Mapping[str, Any], varied: Varied) -> bool:
    try:
        varied.at(values)
    except InvalidInput:
        return False
    return True


def _axis(entry: Any, varied: Varied) -> Axis:
    if not isinstance(entry, Mapping):
        raise SpaceError(_("Give an axis as an object: a name, and values, or start, stop and step."))
    for name in entry:
        if name not in KEYS:
            raise SpaceError(f"{shown(name)}: {nearest(name, KEYS)}")
    name = entry.get("name")
    param = varied.tunable.get(name) if isinstance(name, str) else None
    setting = (
        name.removeprefix(CONFIGURATION) if isinstance(name, str) and name.startswith(CONFIGURATION) else ""
    )
    if param is None and setting not in SWEPT_SETTINGS:
        known = [*varied.tunable, *(CONFIGURATION + setting for setting in SWEPT_SETTINGS)]
        raise SpaceError(
            _("%(name)s is nothing a sweep can vary.") % {"name": shown(name)} + f" {nearest(name, known)}"
        )
    values = _values(entry)
    if len(values) > MOST_VALUES:
        raise SpaceError(_too_many(str(name), len(values)))
    cleaned = [_clean(value, param, setting, varied.config) for value in values]
    return Axis(str(name), tuple(cleaned))


def _values(entry: Mapping[str, Any]) -> list[Any]:
    has_range = any(entry.get(key) is not None for key in ("start", "stop", "step"))
    if (entry.get("values") is None) is not has_range:
        raise SpaceError(_("Give either values, or start, stop and step."))
    if has_range:
        return _range(entry)
    values = entry["values"]
    if not isinstance(values, Sequence) or isinstance(values, str | bytes) or not values:
        raise SpaceError(
            _("%(name)s has no values. Give a list of at least one.") % {"name": entry.get("name")}
        )
    return list(values)


def _range(entry: Mapping[str, Any]) -> list[Any]:
    """From start to stop in decimal steps, so that 0.1 + 0.2 is 0.3; whole numbers stay whole."""
    name = entry.get("name")
    numbers = {}
    for key in ("start", "stop", "step"):
        value = entry.get(key)
        good = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if not good or not math.isfinite(value):
            raise SpaceError(
                _("%(name)s: %(key)s is %(value)s. Give a finite number.")
                % {"name": name, "key": key, "value": shown(value)}
            )
        numbers[key] = Decimal(str(value))
    start, stop, step = numbers["start"], numbers["stop"], numbers["step"]
    if step <= 0:
        raise SpaceError(
            _("%(name)s: the step is %(step)s. Give one above 0.") % {"name": name, "step": step}
        )
    if stop < start:
        said = _("%(name)s goes from %(start)s down to %(stop)s. Swap them.")
        raise SpaceError(said % {"name": name, "start": start, "stop": stop})
    count = int((stop - start) / step) + 1
    if count > MOST_VALUES:
        raise SpaceError(_too_many(str(name), count))
    values = [start + step * place for place in range(count)]
    whole = all(isinstance(entry[key], int) for key in ("start", "step"))
    return [int(value) if whole else float(value) for value in values]


def _too_many(name: str, count: int) -> str:
    said = _("%(name)s has %(count)s values; an axis takes at most %(most)s. Take a larger step.")
    return said % {"name": name, "count": figures.integer(count), "most": figures.integer(MOST_VALUES)}


def _clean(value: Any, param: Param | None, setting: str, config: SimulationConfig) -> Any:
    if param is not None:
        try:
            return param.clean(value)
        except ValueError as error:
            raise SpaceError(f"{param.name}: {error}") from error
    try:
        return getattr(SimulationConfig.from_dict({**config.to_dict(), setting: value}), setting)
    except ConfigError as error:
        raise SpaceError(f"{CONFIGURATION}{error.detail.removeprefix(f'{setting}: ')}") from error


def setting_label(setting: str) -> str:
    """The words for a setting of the account."""
    return str(SETTINGS[setting][0]) if setting in SETTINGS else setting.replace("_", " ").capitalize()

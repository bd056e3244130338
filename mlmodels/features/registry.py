"""Kinds of features, and features made of them by name: `rsi(14)` is the kind "rsi" with its window at 14."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import nearest, shown
from marketdata.bars import Bars
from mlmodels.errors import TrainingError
from mlmodels.features.columns import Columns
from strategies.params import FloatParam, IntParam, Param, Value, clean_all

Floats: TypeAlias = NDArray[np.float64]

LONGEST_WINDOW = 500

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "returns": "Returns",
        "volatility": "Volatility",
        "oscillators": "Oscillators",
        "trend": "Trend",
        "volume": "Volume",
        "calendar": "Calendar",
    }
)


def bars_param(name: str, default: int, minimum: int = 2, label: str = "Bars") -> IntParam:
    """A number of bars, as most kinds have one."""
    return IntParam(name, default=default, minimum=minimum, maximum=LONGEST_WINDOW, label=label, unit="bars")


def _no_objection(**parameters: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class FeatureKind:
    """A feature but for its parameters.

    Attributes
    ----------
    key : str
        What names begin with.
    label, title, summary : str
        Name of the kind; name of one of its features, with `{parameter}` in it; what it says, in a sentence.
    group : str
        A key of `GROUPS`.
    compute : callable
        Takes `Columns`, the column to fill, shape (n_bars,), and the parameters. Causal: row t depends on bars up to
        and including t, to the last bit. Free of the level of prices. Called for more bars than the warm-up; every row
        from there on is to be written.
    warmup : callable
        Takes the parameters, returns the index of the first row that can have a value.
    params : tuple of Param
    offered : tuple of tuples
        Parameters of the features that are offered without being asked for, in the order of `params`.
    objection : callable
        Takes the parameters, returns why they do not go together, or "".
    needs_volume : bool
    version : int
        Rises when values change, so that a stored model is not fed with what it did not learn from.
    """

    key: str
    label: str
    _: KW_ONLY
    title: str
    summary: str
    group: str
    compute: Callable[..., object]
    warmup: Callable[..., int]
    params: tuple[Param, ...] = ()
    offered: tuple[tuple[Value, ...], ...] = ((),)
    objection: Callable[..., str] = _no_objection
    needs_volume: bool = False
    version: int = 1

    def with_values(self, given: Mapping[str, Any]) -> Feature:
        """The feature of this kind with these parameters, or TrainingError saying what is wrong with them."""
        values, problems = clean_all(self.params, given)
        messages = [f"{name}: {said[0]}" for name, said in problems.items()]
        if not messages and (objection := self.objection(**values)):
            messages = [objection]
        if messages:
            said = f"The feature {self.key} with {_listed(given)}: {messages[0]}"
            raise TrainingError(said, fields={"features": [said]})
        return Feature(self, MappingProxyType(values))

    def with_positional(self, given: Iterable[Value]) -> Feature:
        """The feature with the parameters in the order of `params`; those left out take their defaults."""
        return self.with_values(dict(zip((param.name for param in self.params), given, strict=False)))

    def features(self) -> tuple[Feature, ...]:
        """Those offered without being asked for."""
        return tuple(self.with_positional(values) for values in self.offered)


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: a kind and its parameters."""

    kind: FeatureKind
    parameters: Mapping[str, Value] = field(hash=False)

    @property
    def name(self) -> str:
        """The canonical name: all parameters in their order, like a call."""
        if not self.parameters:
            return self.kind.key
        return f"{self.kind.key}({', '.join(_said(value) for value in self.parameters.values())})"

    @property
    def label(self) -> str:
        title = self.kind.title.format_map({key: _said(value) for key, value in self.parameters.items()})
        return re.sub(r"\b1 bars\b", "1 bar", title)

    @property
    def group(self) -> str:
        return self.kind.group

    @property
    def needs_volume(self) -> bool:
        return self.kind.needs_volume

    @property
    def version(self) -> int:
        return self.kind.version

    @property
    def warmup(self) -> int:
        """Index of the first row that can have a value."""
        return self.kind.warmup(**self.parameters)

    @property
    def schema(self) -> str:
        """Name and version, as a stored model remembers them."""
        return f"{self.name}@{self.version}"

    def compute(self, bars: Bars) -> Floats:
        """One value a bar, shape (n_bars,); NaN before the warm-up and where there is no value."""
        out = np.empty(len(bars))
        self.fill(Columns(bars), out)
        return out

    def fill(self, columns: Columns, out: Floats) -> None:
        """Write one value a bar into `out`, as `compute` returns them."""
        warmup = self.warmup
        if out.size > warmup:
            self.kind.compute(columns, out, **self.parameters)
        out[:warmup] = np.nan


_kinds: dict[str, FeatureKind] = {}


def register_feature(kind: FeatureKind) -> FeatureKind:
    """Make a kind known. A second one of the same key, or of no known group, is a programming error."""
    if kind.key in _kinds:
        raise ValueError(f"The feature {kind.key!r} is registered twice.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*[a-z]", kind.key):
        raise ValueError(
            f"{kind.key!r}: small letters, digits and _ make a feature's key; it ends in a letter."
        )
    if kind.group not in GROUPS:
        raise ValueError(f"{kind.key}: there is no group {kind.group!r}; there are: {', '.join(GROUPS)}.")
    kind.features()
    _kinds[kind.key] = kind
    return kind


@contextmanager
def temporarily(*kinds: FeatureKind) -> Iterator[None]:
    """Register kinds for the length of a `with` block (a test, a notebook cell)."""
    before = dict(_kinds)
    try:
        for kind in kinds:
            register_feature(kind)
        yield
    finally:
        _kinds.clear()
        _kinds.update(before)


def feature_kinds(groups: Iterable[str] | None = None) -> tuple[FeatureKind, ...]:
    """All kinds, or those of some groups, in the order of the groups and of their registration."""
    wanted = set(GROUPS if groups is None else groups)
    return tuple(
        kind for group in GROUPS if group in wanted for kind in _kinds.values() if kind.group == group
    )


def feature_names(groups: Iterable[str] | None = None) -> tuple[str, ...]:
    """The names of the features that are offered without being asked for, of all groups or of some."""
    return tuple(feature.name for kind in feature_kinds(groups) for feature in kind.features())


_NAME = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*(?:\(([^()]*)\))?\s*")
_OLD_NAME = re.compile(r"([a-z][a-z0-9_]*?)((?:_\d+)+)")
LONGEST_NAME = 120


def get_feature(name: str) -> Feature:
    """Return the feature of that name, or raise TrainingError with the nearest one.

    Parameters are given in their order or by name, `macd_histogram(12, 26, signal=9)`; those left out take their
    defaults. Names of earlier versions (`rsi_14`) mean the same with underscores.
    """
    found = _NAME.fullmatch(name) if isinstance(name, str) and len(name) <= LONGEST_NAME else None
    if found is None:
        raise _refused(f"{shown(name)} is not the name of a feature. Write it like rsi(14).")
    key, inside = found[1], found[2]
    if key in _kinds:
        return _kinds[key].with_values(_arguments(_kinds[key], inside or "", name))
    old = _OLD_NAME.fullmatch(key) if inside is None else None
    if old is not None and old[1] in _kinds:
        return get_feature(f"{old[1]}({old[2][1:].replace('_', ',')})")
    raise _refused(f"There is no feature {shown(name)}. {nearest(key, _kinds)}")


def label_of(name: str) -> str:
    """What pages call a column; those of a strategy, and what this version does not know, are called by their names."""
    try:
        return get_feature(name).label
    except TrainingError:
        return name


def canonical_schema(stored: str) -> str:
    """A schema that a model remembers, its name as this version writes it; unchanged if nobody knows it."""
    name, at, version = stored.rpartition("@")
    try:
        return f"{get_feature(name).name}{at}{version}"
    except TrainingError:
        return stored


def _arguments(kind: FeatureKind, text: str, name: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    params = {param.name: param for param in kind.params}
    for place, part in enumerate(text.split(",") if text.strip() else ()):
        key, equals, value = part.rpartition("=")
        if not equals and place >= len(params):
            raise _refused(f"{shown(name)}: {kind.key} takes {len(params)} parameters. Leave the others out.")
        key = key.strip() if equals else kind.params[place].name
        if key in given:
            raise _refused(f"{shown(name)}: {key} is given twice. Give it once.")
        given[key] = _read(params.get(key), value.strip())
    return given


def _read(param: Param | None, text: str) -> Any:
    """The value that the text means to the parameter; the text itself where it means none, to be refused by it."""
    try:
        if isinstance(param, IntParam):
            return int(text)
        if isinstance(param, FloatParam):
            return float(text)
    except ValueError:
        pass
    return text


def _said(value: Value) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _listed(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in given.items()) or "no parameters"


def _refused(message: str) -> TrainingError:
    return TrainingError(message, fields={"features": [message]})

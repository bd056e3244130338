"""The face of a strategy: parameters in, a target position for each bar out."""

from abc import ABC
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Checkpoints
from marketdata.bars import Bars
from strategies.decisions import Decisions
from strategies.errors import ParameterError, SignalError
from strategies.params import ChoiceParam, Param, ReferenceParam, Value, clean_all, names_of

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class Overlay:
    """A line for the chart, one value a bar; `pane` "price" shares the price's scale, "own" has its own."""

    name: str
    values: NDArray[np.float64]
    pane: Literal["price", "own"] = "price"


class BaseStrategy(ABC):  # noqa: B024 (either of two methods; __init_subclass__ checks)
    """Decides at each bar's close which position to be in from the next bar on.

    A subclass names itself (`key`, `label`, `summary`), declares `params`, says how many bars it needs
    before its first decision (`warmup`) and implements `target` over arrays or `generate_signals` over a
    frame; each is made from the other. Both must be causal: row t may use bars up to and including t.

    Parameters
    ----------
    **parameters
        Values by parameter name; what is left out takes its default.

    Raises
    ------
    ParameterError
        With a message for each refused name in `fields`.
    """

    key: ClassVar[str] = ""
    label: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    rules: ClassVar[tuple[str, ...]] = ()
    """What it does in plain sentences; `{name}` stands for the value of a parameter."""
    references: ClassVar[tuple[str, ...]] = ()
    """Where the idea comes from: author, title, publisher or journal, year."""
    params: ClassVar[tuple[Param, ...]] = ()
    uses_model: ClassVar[bool] = False
    """Whether its decisions come from a trained model."""
    checkpoints: Checkpoints = NOWHERE
    """Where `begin` may keep what it has finished; a job sets it, so that a killed process does not cost all of it."""
    do_not_call_in_templates: ClassVar[bool] = True
    """Page templates call what is callable; a type without a required parameter must not be made by that."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.target is BaseStrategy.target and cls.generate_signals is BaseStrategy.generate_signals:
            raise TypeError(f"{cls.__name__} must implement target(bars) or generate_signals(data).")
        names = names_of(cls.params)
        if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
            raise TypeError(f"{cls.__name__}: parameter names must be identifiers, each used once: {names}.")

    def __init__(self, **parameters: Any) -> None:
        self.parameters: dict[str, Value] = self.clean_parameters(parameters)

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({said})"

    @classmethod
    def clean_parameters(cls, given: Mapping[str, Any]) -> dict[str, Value]:
        """Return a full set of valid parameters, or raise ParameterError with a message by name."""
        cleaned, problems = clean_all(cls.params, given)
        if not problems:
            problems = {name: list(said) for name, said in cls.check_parameters(cleaned).items()}
        if problems:
            first, messages = next(iter(problems.items()))
            raise ParameterError(f"{cls.label or cls.__name__}: {first}: {messages[0]}", fields=problems)
        return cleaned

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, Iterable[str]]:
        """Messages by name for values that are valid one by one but do not go together."""
        return {}

    @classmethod
    def refers(cls) -> bool:
        """Whether it needs another object of the user's, such as a trained model, before it can be made."""
        return any(isinstance(param, ReferenceParam) for param in cls.params)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """All parameters as one JSON schema, for scripts that check before they send."""
        required = [param.name for param in cls.params if getattr(param, "default", None) is None]
        return {
            "title": cls.label,
            "type": "object",
            "properties": {param.name: param.json_schema() for param in cls.params},
            "required": required,
            "additionalProperties": False,
        }

    @classmethod
    def tunable(cls, parameters: Mapping[str, Any]) -> tuple[Param, ...]:
        """What a slider or a sweep may vary, given the stored parameters. References to other objects stay."""
        return tuple(param for param in cls.params if param.grid())

    @classmethod
    def tuned(cls, parameters: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Value]:
        """The stored parameters with the given values of `tunable` in their place, or raise ParameterError."""
        return cls.clean_parameters({**parameters, **values})

    def warmup(self) -> int:
        """How many bars pass before the first row that can hold a decision."""
        return 0

    def target(self, bars: Bars) -> NDArray[np.float64]:
        """Return the wanted position at each close: -1, 0 or +1, NaN to keep the one before."""
        return _signal_column(self.generate_signals(bars.to_frame()), len(bars), type(self).__name__)

    def target_before(self, bars: Bars, cut: int) -> NDArray[np.float64]:
        """The target at the first `cut` bars, as it is with all of these; what only later bars need may be left out."""
        return self.target(bars)[:cut]

    def decisions(self, bars: Bars) -> Decisions | None:
        """The same target as its changes alone, from a strategy that finds those sooner; None: ask `target`."""
        return None

    def generate_signals(self, data: "DataFrame") -> "DataFrame":
        """Return a frame with the index of `data` and the target in the column "signal"."""
        import pandas as pd

        return pd.DataFrame({"signal": self.target(Bars.from_frame(data))}, index=data.index)

    def size(self, bars: Bars) -> NDArray[np.float64] | None:
        """Share of the cash to enter with, decided at each close; NaN where it has no estimate yet.

        None leaves the size of positions to the run's configuration.
        """
        return None

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        """Lines that explain the decisions on a chart."""
        return ()

    def in_sample_share(self, bars: Bars) -> float:
        """Share of the bars, 0 to 1, decided by a model that was trained on them. Out-of-fold predictions are not."""
        return 0.0

    def retraining(self, bars: Bars) -> NDArray[np.int64]:
        """Rows of the bars, ascending, from which on a newly trained model decides; none where no model does."""
        return np.empty(0, dtype=np.int64)

    def refusals(self, count: int) -> Iterable[str]:
        """Why a run over `count` bars would be refused, as far as that is known before it begins."""
        return ()

    def begin(self, bars: Bars, tell: Callable[[float, str], None]) -> None:  # noqa: B027 (most have nothing to do)
        """Do what takes long before decisions are asked for, telling the share done; `tell` may raise to stop it."""

    def takes_minutes(self, count: int) -> bool:
        """Whether a run over `count` bars may take minutes: a pool keeps one place for what is done sooner."""
        return False

    def describe_rules(self) -> tuple[str, ...]:
        """`rules` with this instance's parameters filled in, choices by their label."""
        choices = {param.name: dict(param.choices) for param in self.params if isinstance(param, ChoiceParam)}
        words = {
            name: choices[name][str(value)].lower() if name in choices else value
            for name, value in self.parameters.items()
        }
        return tuple(rule.format_map(words) for rule in self.rules)


def _signal_column(frame: "DataFrame", length: int, name: str) -> NDArray[np.float64]:
    """The target out of a frame that a strategy made, checked in words before the engine sees it."""
    if "signal" not in frame:
        found = ", ".join(map(str, frame.columns)) or "none"
        raise SignalError(f"{name}.generate_signals returned no column 'signal' (it has: {found}).")
    target = np.asarray(frame["signal"], dtype=np.float64)
    if target.shape != (length,):
        found = target.shape[0]
        raise SignalError(
            f"{name}.generate_signals returned {found} rows for {length} bars. Return one a bar."
        )
    bad = np.flatnonzero(~(np.isnan(target) | np.isin(target, (-1.0, 0.0, 1.0))))
    if bad.size:
        row = int(bad[0])
        raise SignalError(f"{name}: the signal at row {row} is {target[row]}. Use -1, 0, 1 or NaN (keep).")
    return target

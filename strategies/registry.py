"""The strategy types that exist, by key. A type registers itself; nothing scans folders."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from algotrade.errors import nearest, shown
from strategies.base import BaseStrategy
from strategies.errors import UnknownStrategyType

AnyStrategy = TypeVar("AnyStrategy", bound=type[BaseStrategy])

_types: dict[str, type[BaseStrategy]] = {}


def register(strategy_class: AnyStrategy) -> AnyStrategy:
    """Class decorator: make the strategy available under its `key`. A key that is taken is refused."""
    key = strategy_class.key
    for attribute in ("key", "label", "summary"):
        if not getattr(strategy_class, attribute):
            raise TypeError(
                f"{strategy_class.__name__} has no {attribute}. Give it one before registering it."
            )
    if key in _types:
        holder, asking = _types[key].__name__, strategy_class.__name__
        raise ValueError(f"The key '{key}' belongs to {holder} already. Give {asking} its own.")
    _types[key] = strategy_class
    return strategy_class


def get_strategy_class(key: str) -> type[BaseStrategy]:
    """Return the strategy class, or raise UnknownStrategyType naming those that exist."""
    try:
        return _types[key]
    except (KeyError, TypeError):
        pass
    message = f"There is no strategy type {shown(key)}. {nearest(key, names())}"
    raise UnknownStrategyType(message, fields={"strategy_type": [message]})


def names() -> tuple[str, ...]:
    """The keys of all registered types, sorted."""
    return tuple(sorted(_types))


@contextmanager
def temporarily(*strategy_classes: type[BaseStrategy]) -> Iterator[None]:
    """Register types for the length of a `with` block (a test, a notebook cell).

    Whatever else is registered inside the block, by importing a file for example, goes with them at its end.
    """
    before = dict(_types)
    try:
        for strategy_class in strategy_classes:
            register(strategy_class)
        yield
    finally:
        _types.clear()
        _types.update(before)

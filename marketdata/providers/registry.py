"""The names under which data providers are found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from algotrade.errors import nearest, shown
from marketdata.errors import ProviderError
from marketdata.providers.base import Provider

P = TypeVar("P", bound=Provider)

_providers: dict[str, type[Provider]] = {}


def register(provider: type[P]) -> type[P]:
    """Class decorator: make `provider` available under its key. A key that is taken raises."""
    key = provider.key
    if key in _providers:
        taken = _providers[key].__name__
        raise ProviderError(f"The provider name {key!r} is taken by {taken}. Choose another key.")
    _providers[key] = provider
    return provider


def get_provider(key: str) -> type[Provider]:
    """Return the provider class registered as `key`; a miss lists the names."""
    if key not in _providers:
        message = f"There is no data provider {shown(key)}. {nearest(key, names())}"
        raise ProviderError(message, fields={"provider": [message]})
    return _providers[key]


def names() -> tuple[str, ...]:
    """Return the registered keys in alphabetical order."""
    return tuple(sorted(_providers))


@contextmanager
def temporarily(provider: type[Provider]) -> Iterator[type[Provider]]:
    """Register `provider` for the length of a with block, for tests and notebooks."""
    register(provider)
    try:
        yield provider
    finally:
        del _providers[provider.key]

"""The names under which data providers are found."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

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
        near = difflib.get_close_matches(key, names(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = f"There is no data provider {key[:40]!r}. Registered are {', '.join(names())}.{hint}"
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

"""Providers that ask a server on this machine, quickly, and keep their notes in the test's own folder."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from marketdata.providers import Provider
from marketdata.providers.courtesy import Patience
from marketdata.providers.tests.server import Answer, LocalServer, Question

QUICK = Patience(attempts=3, first_seconds=0.01, longest_seconds=0.02, total_seconds=2.0, timeout_seconds=1.0)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Question], Answer]], LocalServer]]:
    servers: list[LocalServer] = []

    def start(respond: Callable[[Question], Answer]) -> LocalServer:
        servers.append(LocalServer(respond))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def quick(provider: Any, patience: Patience = QUICK) -> Any:
    """The same provider without pauses worth mentioning and without a rate limit."""
    provider.patience = patience
    provider.capabilities = replace(provider.capabilities, rate_limit=None)
    assert isinstance(provider, Provider)
    return provider

"""Every route of the lab, and which of them are about whose thing.

A new route must be named in one of the tables below, or `test_authorisation_matrix` fails.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "head", "post", "put", "patch", "delete")
MARK = "zanzibar"  # stands in every text of the owner's things; a stranger must never read it

# Open to everybody.
PUBLIC = {
    "health",
    "health-ready",
    "metrics",  # to whoever shows the token, or asks from this machine
    "api-schema",
    "api-docs",
    "auth-register",
    "auth-login",
    "auth-refresh",
    "auth-logout",
    "accounts:login",
    "accounts:register",
}
# For everybody who is signed in, showing each their own things or what all share.
OWN = {
    "admin-own-password",
    "auth-me",
    "auth-socket-ticket",
    "auth-password",
    "auth-end-access",
    "auth-token-list",
    "auth-export-list",
    "accounts:logout",
    "accounts:profile",
    "accounts:end_access",
    "accounts:tokens",
    "accounts:data",
    "accounts:export_create",
    "accounts:delete",
    "backtests:dashboard",
    "backtests:latest",
    "backtests:list",
    "backtests:create",
    "backtests:delete_many",
    "backtests:export",
    "backtests:sweep_list",
    "backtests:sweep_create",
    "backtests:sweep_count",
    "sweep-list",
    "sweep-count",
    "backtests:preview",
    "backtest-list",
    "backtest-run",
    "backtest-metric-definitions",
    "job-list",
    "jobs:list",
    "marketdata:list",
    "marketdata:import",
    "marketdata:import_list",
    "marketdata:fetch",
    "marketdata:generate",
    "marketdata-range",
    "marketdata-list",
    "marketdata-fetches",
    "marketdata-synthetic",
    "marketdata-providers",
    "series-list",
    "upload-list",
    "import-list",
    "feed-list",
    "ml-model-list",
    "ml-model-compare",
    "ml-model-foresee",
    "ml-model-train",
    "ml-algorithm-list",
    "mlmodels:list",
    "mlmodels:create",
    "mlmodels:foresee",
    "mlmodels:compare",
    "mlmodels:compare_curves",
    "mlmodels:compare_csv",
    "mlmodels:compare_equity",
    "rule-check",
    "rule-language",
    "strategies:check_rules",
    "strategy-list",
    "strategy-preview",
    "strategy-type-list",
    "strategy-type-detail",
    "strategies:list",
    "strategies:create",
    "strategies:create_of_type",
}
# About one thing of one owner: which of the owner's things the address names.
OBJECTS = {
    "auth-token-": "api-token",
    "accounts:token_": "api-token",
    "auth-export-": "data-export",
    "accounts:export_": "data-export",
    "strategy-": "strategy",
    "strategies:": "strategy",
    "backtests:recent_for_strategy": "strategy",
    "backtests:dashboard_job": "job",
    "backtest-": "result",
    "backtests:": "result",
    "sweep-": "sweep",
    "backtests:sweep_": "sweep",
    "ml-model-": "model",
    "mlmodels:": "model",
    "job-": "job",
    "jobs:": "job",
    "series-": "series",
    "marketdata-detail": "bar",
    "marketdata:import_": "import",
    "marketdata:import_reading": "upload",
    "marketdata:import_preview": "upload",
    "marketdata:import_discard": "upload",
    "upload-": "upload",
    "import-": "import",
    "feed-": "feed",
    "marketdata:": "series",
}
# Staff run the queue: they see, end and queue again the jobs of all on the pages, as their sockets follow any.
SHOWN_TO_STAFF = {"jobs:detail", "jobs:cancel", "jobs:retry"}
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()\\]|\\.|\([^()]*\))*\)")


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    @property
    def thing(self) -> str:
        """Which of the owner's things the address names, "" for none."""
        if self.name in PUBLIC | OWN:
            return ""
        fitting = [prefix for prefix in OBJECTS if self.name.startswith(prefix)]
        return OBJECTS[max(fitting, key=len)] if fitting else ""

    def url(self, things: dict[str, Any]) -> str:
        named = {"strategy_type": "rsi", "key": "rsi", "cell": "0"}

        def fill(match: re.Match[str]) -> str:
            word = match.group(1) or match.group(2)
            return str(named.get(word) or things[self.thing].pk)

        path = PLACEHOLDER.sub(fill, self.pattern)
        return "/" + re.sub(r"\^|\$|\\Z", "", path)


def walk(resolver: URLResolver, prefix: str = "", spaces: tuple[str, ...] = ()) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Route(":".join((*spaces, entry.name or "")), pattern)
        elif entry.app_name != "admin":
            yield from walk(entry, pattern, (*spaces, entry.namespace) if entry.namespace else spaces)


ROUTES = list(walk(get_resolver()))
PRIVATE = [route for route in ROUTES if route.name not in PUBLIC]
ABOUT_ONE = [route for route in PRIVATE if route.thing]
COLLECTIONS = [route for route in PRIVATE if not route.thing]


def by_name(routes: list[Route]) -> Any:
    return pytest.mark.parametrize("route", routes, ids=[route.name for route in routes])

"""Requests that the API's own description allows, and ones that it forbids, each sent once and taken back."""

import contextlib
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.core.cache import cache
from django.core.signals import got_request_exception, request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.urls import Resolver404, resolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import tokens
from algotrade.tests.fuzz.estate import Estate
from algotrade.tests.routes import ROUTES

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OWN_IDS = ("series", "strategy", "model", "result", "sweep", "upload", "feed", "job")
ANY_UUID, ANY_NUMBER = "00000000-0000-4000-8000-000000000000", "1"
MOST_NAMED = 60


@dataclass
class Finding:
    """One answer that the description does not promise."""

    operation: str
    what: str
    request: str
    trace: str = ""


@dataclass
class Report:
    """What was sent and what came back."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    processor: float = field(default_factory=time.process_time)

    @property
    def sent(self) -> int:
        return self.answers.total()

    def never_answered_below_400(self) -> list[str]:
        """Operations that refused everything."""
        operations = {name for name, _status in self.answers}
        return sorted(operations - {name for name, status in self.answers if status < 400})

    def __str__(self) -> str:
        spent, computed = time.monotonic() - self.started, time.process_time() - self.processor
        statuses: Counter[int] = Counter()
        for (_name, status), count in self.answers.items():
            statuses[status] += count
        operations = len({name for name, _status in self.answers})
        refusing = ", ".join(self.never_answered_below_400())
        lines = [
            f"{self.sent:,} requests to {operations} operations in {spent:.0f} s "
            f"({computed:.0f} s of processor time); answers: "
            + ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items())),
            f"Refused whatever was sent: {refusing or 'no operation'}",
        ]
        for finding in list(self.findings.values())[:MOST_NAMED]:
            lines += [f"-- {finding.operation}: {finding.what}", f"   {finding.request}", finding.trace]
        return "\n".join(lines)


@contextlib.contextmanager
def _one_connection() -> Iterator[None]:
    """A server closes worn-out connections around each request; here all happens in one, and is taken back."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


class Search:
    """Sends generated requests as the owner of an estate, and takes back what each one changed."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.headers: dict[str, str] = {}
        self.report = Report()
        self._trace = ""
        with _one_connection():
            self.schema = schemathesis.openapi.from_wsgi(
                "/api/schema/?format=json", get_wsgi_application(), config=SchemathesisConfig()
            )

    def operations(self) -> Iterator[Any]:
        for found in self.schema.get_all_operations():
            yield found.ok()

    def try_out(self, operation: Any, *, allowed: int, forbidden: int) -> None:
        """So many requests as the description wants them, and so many that it forbids."""
        # An access token lives for ten minutes, a search for longer.
        self.headers = {"Authorization": f"Bearer {tokens.issue(self.estate.user).access}"}
        for mode, count in ((GenerationMode.POSITIVE, allowed), (GenerationMode.NEGATIVE, forbidden)):
            try:
                self._run(operation, mode, count)
            except Exception as error:
                if mode is GenerationMode.NEGATIVE and "negat" in str(error).lower():
                    continue  # an operation without any input cannot be asked wrongly
                raise

    def _run(self, operation: Any, mode: GenerationMode, count: int) -> None:
        fitting, query = self.fitting(operation), self.estate.queries.get(operation.label)

        @settings(
            max_examples=count,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode), st.integers(0, 3), st.integers(0, 31))
        def send(case: Any, path_luck: int, body_luck: int) -> None:
            if fitting and path_luck:
                case.path_parameters = {**(case.path_parameters or {}), **fitting}
            if body_luck % 4 and isinstance(case.body, dict):
                case.body = self._with_sense(operation.label, case.body, body_luck)
            if body_luck % 4 and query:
                case.query = query if body_luck < 8 else {**(case.query or {}), **query}
            self._send(operation, case)

        send()

    def _send(self, operation: Any, case: Any) -> None:
        name = operation.label
        self._trace = ""
        cache.clear()
        with _one_connection(), transaction.atomic():
            got_request_exception.connect(self._remember)
            response = case.call(headers=self.headers)
            transaction.set_rollback(True)
        self.report.answers[name, response.status_code] += 1
        if response.status_code >= 500:
            self._found(name, f"answered {response.status_code}", case, response)
            return
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for problem in group.exceptions:
                self._found(name, f"{type(problem).__name__}: {problem}", case, response)
        except Failure as problem:
            self._found(name, f"{type(problem).__name__}: {problem}", case, response)

    def _found(self, name: str, what: str, case: Any, response: Any) -> None:
        key = (name, what.splitlines()[0][:80] + self._trace[-200:])
        body = repr(case.body)[:300]
        request = (
            f"{case.method} {case.formatted_path}?{case.query!r}"[:400] + f" {body} -> {response.text[:300]}"
        )
        self.report.findings.setdefault(key, Finding(name, what[:600], request, self._trace[-1500:]))

    def _remember(self, **kwargs: Any) -> None:
        self._trace = traceback.format_exc()

    def fitting(self, operation: Any) -> dict[str, str]:
        """Path parameters that name the owner's things."""
        path = operation.path
        words = [word for word in path.split("/") if word.startswith("{")]
        if not words:
            return {}
        for stand_in in (ANY_NUMBER, ANY_UUID, "rsi"):
            try:
                found = resolve("/".join(stand_in if word in words else word for word in path.split("/")))
            except Resolver404:
                continue
            route = next((route for route in ROUTES if route.name == found.view_name), None)
            if route is not None and route.thing:
                own = self.estate.own.get(operation.label, self.estate.things[route.thing])
                return {words[0][1:-1]: str(own.pk), **{word[1:-1]: "0" for word in words[1:]}}
            return {words[0][1:-1]: "rsi"}
        return {}

    def _with_sense(self, name: str, body: dict[str, Any], luck: int) -> dict[str, Any]:
        """A body that names the owner's things; or a good one with at most two of its values changed."""
        good = self.estate.bodies.get(name)
        if good is None or luck < 8:
            return {**body, **self._own_ids(body)}
        values = list(body.items())
        first = luck % 8 % max(len(values), 1)
        return {**good, **dict(values[first : first + luck // 8 - 1])}

    def _own_ids(self, body: dict[str, Any]) -> dict[str, Any]:
        things = self.estate.things
        return {
            name: str(things[name].pk) if name in ("upload", "job") else things[name].pk
            for name in body
            if name in OWN_IDS
        }

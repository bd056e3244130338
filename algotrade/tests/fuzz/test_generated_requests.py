"""Thousands of generated requests: each is answered as the API's description says, and none fails."""

import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction

from algotrade.tests.fuzz.estate import estate_of
from algotrade.tests.fuzz.generated import Search
from backtests.preview.tests.conftest import asked

__all__ = ["asked"]
pytestmark = [pytest.mark.django_db, pytest.mark.fuzz]
AT_LEAST = 5_000
# What no request of the search brings to an answer below 400, and why.
REFUSING = {
    "DELETE /api/auth/me/",  # its proof is a body, which descriptions of the API do not have for DELETE
    "GET /api/sweeps/{id}/cells/{cell}/check/",  # the check is asked for by another request, which is taken back
}
ALLOWED = int(os.environ.get("LAB_FUZZ_ALLOWED", "33"))
FORBIDDEN = int(os.environ.get("LAB_FUZZ_FORBIDDEN", "17"))


@pytest.fixture
def search(user: Any, password: str, media_root: Path, asked: list[Any]) -> Search:
    return Search(estate_of(user, media_root, password))


def test_the_good_requests_are_accepted(search, api):
    """Else those made of them would be refused at the first step, and find little."""
    refused, estate = {}, search.estate
    for operation in search.operations():
        name = operation.label
        if name not in {*estate.bodies, *estate.queries, *estate.own}:
            continue
        path = (
            operation.path.format(**search.fitting(operation)) + "?" + urlencode(estate.queries.get(name, {}))
        )
        with transaction.atomic():
            answer = getattr(api, operation.method.lower())(path, estate.bodies.get(name), format="json")
            transaction.set_rollback(True)
        if answer.status_code >= 400:
            refused[name] = (answer.status_code, answer.content[:300])
    assert not refused


def test_every_answer_to_thousands_of_generated_requests_is_one_that_the_description_promises(
    search, capsys, caplog
):
    caplog.set_level(logging.CRITICAL, "django")
    try:
        for operation in search.operations():
            search.try_out(operation, allowed=ALLOWED, forbidden=FORBIDDEN)
    finally:
        with capsys.disabled():
            print(f"\n{search.report}")  # noqa: T201  the figures of the search are its result
    assert not search.report.findings
    assert set(search.report.never_answered_below_400()) <= REFUSING
    assert search.report.sent >= AT_LEAST

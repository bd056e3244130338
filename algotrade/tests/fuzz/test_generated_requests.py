"""Thousands of generated requests: each is answered as the API's description says, and none fails."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from algotrade.tests.belongings import one_of_everything
from algotrade.tests.fuzz.generated import Search
from backtests.preview.tests.conftest import asked
from marketdata.models import Series
from marketdata.services import import_bars
from marketdata.synthetic import SyntheticSpec, generate

__all__ = ["asked"]
pytestmark = [pytest.mark.django_db, pytest.mark.fuzz]
AT_LEAST = 5_000
BARS = SyntheticSpec(bars=700, start="2023-06-01", timeframe="1d", calendar="24/7")
AXIS = {"name": "period", "values": [7, 14]}
ALLOWED = int(os.environ.get("LAB_FUZZ_ALLOWED", "30"))
FORBIDDEN = int(os.environ.get("LAB_FUZZ_FORBIDDEN", "17"))


def good_bodies(things: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """For what takes many fields, a request that is accepted: changed a little, it comes further than one by chance."""
    strategy, series = things["strategy"].pk, things["series"].pk
    dates = {"start_date": "2024-02-01", "end_date": "2024-09-01"}
    return {
        "POST /api/backtests/run/": {"strategy": strategy, "series": series, **dates},
        "POST /api/sweeps/": {"strategy": strategy, "series": series, "axes": [AXIS], **dates},
        "POST /api/sweeps/count/": {"strategy": strategy, "series": series, "axes": [AXIS], **dates},
        "POST /api/strategies/preview/": {"strategy_type": "rsi", "symbol": "FUZZ", "timeframe": "1d"},
        "POST /api/strategies/": {"name": "one", "strategy_type": "rsi", "symbol": "FUZZ"},
        "PUT /api/strategies/{id}/": {"name": "two", "strategy_type": "rsi", "symbol": "FUZZ"},
        "PATCH /api/strategies/{id}/": {"parameters": {"period": 9}},
        "POST /api/ml-models/train/": {"name": "m", "series": series, "algorithm": "logistic_regression"},
        "POST /api/ml-models/foresee/": {"series": series, "algorithm": "logistic_regression"},
        "POST /api/market-data/synthetic/": {"symbol": "MADE", "timeframe": "1d"},
        "POST /api/market-data/fetches/": {
            "provider": "synthetic",
            "provider_symbol": "GBM",
            "timeframe": "1d",
        },
        "POST /api/market-data/feeds/": {"series": series, "provider": "synthetic", "symbol": "GBM"},
        "POST /api/market-data/series/{id}/resample/": {"timeframe": "1w"},
        "POST /api/market-data/series/{id}/adjust-splits/": {"splits": [{"time": "2024-03-01", "ratio": 2}]},
        "POST /api/auth/register/": {
            "username": "eve",
            "email": "eve@example.com",
            "password": "a-fine-one-17",
        },
        "POST /api/auth/login/": {"username": "ada", "password": "correct horse battery"},
    }


@pytest.fixture
def search(user: Any, media_root: Path, asked: list[Any]) -> Search:
    things = one_of_everything(user, media_root)
    series = Series.objects.create(user=user, symbol="FUZZ", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=series, bars=generate(BARS))
    things["series"] = series
    return Search(user, things, good_bodies(things))


def test_the_good_requests_are_accepted(search, api):
    """Else those made of them would be refused at the first step, and find little."""
    refused = {}
    for operation in search.operations():
        body = search.good.get(operation.label)
        if body is None:
            continue
        path = operation.path.format(**search.fitting(operation.path))
        with transaction.atomic():
            answer = getattr(api, operation.method.lower())(path, body, format="json")
            transaction.set_rollback(True)
        if answer.status_code >= 400:
            refused[operation.label] = (answer.status_code, answer.content[:300])
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
    assert search.report.sent >= AT_LEAST

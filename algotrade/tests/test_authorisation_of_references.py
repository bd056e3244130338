"""Nobody reaches the things of others by naming them in a body or in a query."""

import re
from pathlib import Path
from typing import Any

import pytest

from algotrade.tests.belongings import inventory, one_of_everything
from algotrade.tests.routes import (
    MARK,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def things(user: Any, media_root: Path) -> dict[str, Any]:
    """One of everything, all of it the owner's."""
    return one_of_everything(user, media_root)


def references(things: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    run = {"start_date": "2024-01-01", "end_date": "2024-02-01", "start": "2024-01-01", "end": "2024-02-01"}
    strategy, series, model = things["strategy"].pk, things["series"].pk, things["model"].pk
    return [
        ("/api/backtests/run/", {"strategy": strategy, "series": series, **run}),
        ("/api/sweeps/", {"strategy": strategy, "axes": [{"name": "period", "values": [7, 14]}]}),
        ("/optimise/new/", {"strategy": strategy, "series": series, **run}),
        ("/api/ml-models/train/", {"name": "mine", "series": series, "algorithm": "logistic_regression"}),
        ("/api/ml-models/foresee/", {"series": series, "algorithm": "logistic_regression"}),
        (
            "/api/strategies/",
            {"name": "mine", "strategy_type": "ml_signal", "symbol": "X", "parameters": {"model": model}},
        ),
        ("/backtests/new/", {"strategy": strategy, "series": series, **run}),
        ("/models/new/", {"name": "mine", "series": series, "algorithm": "logistic_regression"}),
        ("/backtests/delete/", {"selected": things["result"].pk, "confirmed": "1"}),
        ("/api/market-data/imports/", {"upload": str(things["upload"].pk), "symbol": "X"}),
        ("/api/market-data/feeds/", {"series": series, "provider": "synthetic", "symbol": "X"}),
    ]


@pytest.mark.parametrize("number", range(11))
def test_a_stranger_cannot_name_the_owners_things_in_a_body(number, things, other_user, client_for):
    url, body = references(things)[number]
    before = inventory()
    kind = {"content_type": "application/json"} if url.startswith("/api/") else {}
    response = client_for(other_user).post(url, body, **kind)
    # Looking at a training beforehand is answered, with the refusal as its answer.
    assert 300 <= response.status_code < 500 or response.json()["problems"]["series"], response.status_code
    assert MARK not in response.content.decode().lower()
    assert inventory() == before


@pytest.mark.parametrize(
    "query",
    [
        "/api/market-data/?series={series}",
        "/api/market-data/?symbol=ZANZIBAR",
        "/api/market-data/bars/?series={series}",
        "/api/backtests/?strategy={strategy}",
        "/api/backtests/?symbol=ZANZIBAR",
        "/backtests/new/?strategy={strategy}&series={series}&from={result}",
        "/backtests/?strategy={strategy}&q=zanzibar",
        "/backtests/export.csv?strategy={strategy}",
        "/optimise/new/?strategy={strategy}",
        "/api/sweeps/?strategy={strategy}",
        "/strategies/?q=zanzibar",
        "/models/new/?series={series}",
        "/api/ml-models/?series={series}&q=zanzibar",
        "/api/ml-models/compare/?a={model}&b={model}",
        "/models/compare/?a={model}&b={model}",
        "/data/import/?series={series}&again={import}",
        "/data/imports/?status=failed",
        "/api/market-data/imports/?series={series}",
    ],
)
def test_a_stranger_cannot_name_the_owners_things_in_a_query(query, things, other_user, client_for):
    url = query.format(**{name: thing.pk for name, thing in things.items()})
    response = client_for(other_user).get(url)
    assert response.status_code < 500
    content = b"".join(response) if response.streaming else response.content
    # The word that was searched for may be repeated; the owner's rows may not be there.
    text = re.sub(r'value="zanzibar"|[?&](?:amp;)?q=zanzibar|“zanzibar”', "", content.decode().lower())
    assert MARK not in text

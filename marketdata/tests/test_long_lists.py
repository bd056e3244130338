"""Five hundred series on one page, in one answer of the API and in one list of the admin: few queries each."""

import pytest
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from marketdata.models import Feed, Series

pytestmark = pytest.mark.django_db

SERIES = 500
MOST_QUERIES = 10


@pytest.fixture
def many(user):
    """Own and shared series with coverage; some are fed, some are made from others."""
    rows = [
        Series(
            user=user if number % 5 else None,
            symbol=f"S{number:03}",
            timeframe="1d",
            source="csv",
            calendar="XNYS",
            bar_count=1000 + number,
            first_time=now(),
            last_time=now(),
            content_sha256=f"{number:064x}",
            coverage=0.9 + number / 10_000,
            quality_grade="good",
        )
        for number in range(SERIES)
    ]
    Series.objects.bulk_create(rows)
    stored = list(Series.objects.order_by("symbol"))
    for source, made in zip(stored[:100], stored[100:200], strict=True):
        made.derived_from = source
    Series.objects.bulk_update(stored[100:200], ["derived_from"])
    Feed.objects.bulk_create(
        Feed(series=row, provider="csv", symbol=row.symbol) for row in stored[200:300] if row.user_id
    )
    return stored


def asked(client, url, **headers):
    """The answer to the second request (the first may warm caches) and how many queries it took."""
    client.get(url, **headers)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, **headers)
    assert answer.status_code == 200
    return answer, len(queries)


@pytest.mark.parametrize("query", ["", "?sort=-coverage", "?q=S1&timeframe=1d", "?page=7"])
def test_the_page_asks_few_questions(page, many, query):
    answer, queries = asked(page, f"/data/{query}")
    assert queries <= MOST_QUERIES
    assert answer.content.decode().count("/data/") > 25


def test_the_page_asks_no_more_when_all_are_on_one(page, many, monkeypatch):
    monkeypatch.setattr("marketdata.views.series.PAGE_SIZE", SERIES)
    answer, queries = asked(page, "/data/")
    assert queries <= MOST_QUERIES
    assert all(row.symbol in answer.content.decode() for row in many)


def test_the_api_asks_few_questions(api, many, monkeypatch):
    monkeypatch.setattr("algotrade.api.Pagination.max_page_size", SERIES)
    body, queries = asked(api, f"/api/market-data/series/?page_size={SERIES}")
    told = body.json()
    assert told["count"] == len(told["results"]) == SERIES
    assert all(item["coverage"] >= 0.9 for item in told["results"])
    assert queries <= MOST_QUERIES


def test_the_admin_asks_few_questions(many, django_user_model, monkeypatch):
    django_user_model.objects.create_superuser("root", "root@example.org", "x")
    client = Client()
    client.force_login(
        django_user_model.objects.get(username="root"), "accounts.backends.EmailOrUsernameBackend"
    )
    _answer, queries = asked(client, "/admin/marketdata/series/")
    assert queries <= MOST_QUERIES
    monkeypatch.setattr(admin.site.get_model_admin(Series), "list_per_page", SERIES)
    answer, queries = asked(client, "/admin/marketdata/series/")
    assert "S499" in answer.content.decode()
    assert queries <= MOST_QUERIES


def test_a_page_is_cut_by_the_database(many):
    with CaptureQueriesContext(connection) as queries:
        assert len(Paginator(Series.objects.all(), 25).get_page(3).object_list) == 25
    assert "LIMIT 25" in queries.captured_queries[-1]["sql"]

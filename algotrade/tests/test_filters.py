"""Filters of lists: a number that no row can have is refused by name, however large, small or broken it is."""

import pytest

LISTS = [
    ("/api/market-data/bars/", "series"),
    ("/api/market-data/imports/", "series"),
    ("/api/ml-models/", "series"),
    ("/api/backtests/", "series"),
    ("/api/backtests/", "strategy"),
    ("/api/sweeps/", "series"),
    ("/api/sweeps/", "strategy"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "name"), LISTS)
@pytest.mark.parametrize(
    "number", ["-9223372036854775809", "9223372036854775808", "-2.2e298", "1e400", "0", "1.5", "nan", "x"]
)
def test_a_number_that_no_row_can_have_is_refused_by_name(api, path, name, number):
    answer = api.get(path, {name: number})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [name])


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "name"), LISTS)
def test_a_number_that_a_row_could_have_is_looked_for(api, path, name):
    answer = api.get(path, {name: "9223372036854775807"})
    assert (answer.status_code, answer.json()["results"]) == (200, [])

"""Filters of lists: numbers that no row can have are refused by name, and moments compared whatever their offset."""

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


MOMENTS = [
    ("/api/market-data/bars/", "start"),
    ("/api/market-data/bars/", "end"),
    ("/api/backtests/", "created_after"),
    ("/api/sweeps/", "created_before"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "name"), MOMENTS)
@pytest.mark.parametrize(
    "moment", ["0554-04-02T03:52:55-18:09", "2024-01-01T00:00:00+23:59", "2024-01-01", "9999-12-31T23:59:59Z"]
)
def test_a_moment_of_any_offset_is_compared(api, path, name, moment):
    answer = api.get(path, {"series": 1, name: moment})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "name"), MOMENTS)
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon"])
def test_a_moment_that_utc_has_no_name_for_is_refused(api, path, name, moment):
    answer = api.get(path, {"series": 1, name: moment})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [name])

"""The API of market data, for an owner, a stranger and nobody."""

import pytest
from rest_framework.test import APIClient

from algotrade.jobs.models import Job
from marketdata.models import BarImport, MarketData, Series
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series, upload

pytestmark = pytest.mark.django_db

SERIES = "/api/market-data/series/"
IMPORTS = "/api/market-data/imports/"
RANGE = "/api/market-data/"
BARS = "/api/market-data/bars/"
SYNTHETIC = "/api/market-data/synthetic/"
PROVIDERS = "/api/market-data/providers/"
UPLOADS = "/api/market-data/uploads/"
FETCHES = "/api/market-data/fetches/"
FEEDS = "/api/market-data/feeds/"


def form(**changes):
    return {"file": upload(), "symbol": "ABC", "timeframe": "1d", "calendar": "24/7"} | changes


@pytest.mark.parametrize(
    "url", [SERIES, f"{SERIES}1/", RANGE, BARS, f"{BARS}1/", PROVIDERS, UPLOADS, IMPORTS, FEEDS]
)
def test_nobody_reads_without_signing_in(url):
    assert APIClient().get(url).status_code == 401


@pytest.mark.parametrize("url", [UPLOADS, IMPORTS, SYNTHETIC, FETCHES, FEEDS])
def test_nobody_writes_without_signing_in(url):
    assert APIClient().post(url).status_code == 401


def test_the_list_holds_own_and_shared_series_only(api, series, shared_series, other_user):
    make_series(other_user, "THEIRS", make_bars(3))
    body = api.get(SERIES).json()
    assert [item["symbol"] for item in body["results"]] == ["ABC", "SHARED"]
    assert [item["shared"] for item in body["results"]] == [False, True]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("symbol=abc", ["ABC"]),
        ("search=sha", ["SHARED"]),
        ("timeframe=1w", []),
        ("shared=true", ["SHARED"]),
        ("shared=false", ["ABC"]),
        ("ordering=-symbol", ["SHARED", "ABC"]),
    ],
)
def test_the_list_is_filtered_and_ordered(api, series, shared_series, query, expected):
    assert [item["symbol"] for item in api.get(f"{SERIES}?{query}").json()["results"]] == expected


def test_the_list_asks_the_same_number_of_questions_for_many_series(api, user, django_assert_max_num_queries):
    for number in range(30):
        make_series(user, f"S{number}")
    with django_assert_max_num_queries(3):
        assert api.get(f"{SERIES}?page_size=100").json()["count"] == 30


def test_one_series_shows_its_quality_to_its_owner_and_nothing_to_a_stranger(api, api_other, series):
    body = api.get(f"{SERIES}{series.pk}/").json()
    assert body["current_snapshot"]["bar_count"] == 10
    assert body["current_snapshot"]["quality"]["grade"] == "good"
    answer = api_other.get(f"{SERIES}{series.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_owner_deletes_and_a_stranger_or_a_shared_series_is_not_found(
    api, api_other, series, shared_series
):
    assert api_other.delete(f"{SERIES}{series.pk}/").status_code == 404
    assert api.delete(f"{SERIES}{shared_series.pk}/").status_code == 404
    assert api.delete(f"{SERIES}{series.pk}/").status_code == 204
    assert list(Series.objects.all()) == [shared_series]


def test_a_file_is_accepted_as_an_import(api, user):
    answer = api.post(IMPORTS, form(), format="multipart")
    assert answer.status_code == 202, answer.json()
    job, row = Job.objects.get(), BarImport.objects.get()
    url = f"{IMPORTS}{row.pk}/"
    told = {"id": str(job.pk), "state": "queued", "url": f"/api/jobs/{job.pk}/"}
    assert answer.json() == {"id": row.pk, "url": url, "status": "queued", "job": told}
    assert answer["Location"] == url
    assert (row.user, row.symbol, row.settings["key"]["calendar"]) == (user, "ABC", "24/7")


def test_there_is_one_door_for_files(api):
    assert api.post(SERIES, form(), format="multipart").status_code == 405


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"file": ""}, "file"),
        ({"file": "text"}, "file"),
        ({"symbol": "a b"}, "symbol"),
        ({"symbol": "a\0b"}, "symbol"),
        ({"timeframe": "1y"}, "timeframe"),
        ({"calendar": "moon"}, "calendar"),
        ({"timezone": "Nowhere"}, "timezone"),
        ({"adjust": "perhaps"}, "adjust"),
        ({"overlap": "x"}, "overlap"),
    ],
)
def test_a_wrong_form_is_refused_by_field(api, changes, field):
    answer = api.post(IMPORTS, form(**changes), format="multipart")
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Job.objects.exists()


def test_an_empty_file_is_refused_by_name_and_a_huge_one_as_too_large(api, settings):
    answer = api.post(IMPORTS, form(file=upload(b"")), format="multipart")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["file"])
    settings.UPLOAD_MAX_BYTES = 10
    answer = api.post(IMPORTS, form(), format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


def test_files_that_wait_take_so_much_room_and_no_more(api, api_other, settings):
    def send(client):
        return client.post(UPLOADS, {"file": upload()}, format="multipart")

    settings.UPLOAD_MAX_BYTES = upload().size
    sent = [send(api) for _ in range(5)]
    assert [answer.status_code for answer in sent] == [201] * 4 + [429]
    assert sent[-1].json()["code"] == "uploads_full"
    assert len(list((settings.MEDIA_ROOT / "uploads").glob("*/*"))) == 4
    assert send(api_other).status_code == 201
    assert api.delete(f"{UPLOADS}{sent[0].json()['id']}/").status_code == 204
    assert send(api).status_code == 201


def test_a_generation_is_accepted_and_bad_values_are_refused(api):
    assert api.post(SYNTHETIC, {"symbol": "NOISE", "bars": 100}, format="json").status_code == 202
    answer = api.post(SYNTHETIC, {"symbol": "NOISE", "volatility": 99}, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["volatility"])
    answer = api.post(SYNTHETIC, {"symbol": "NOISE", "start": "2199-01-01"}, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["start"])


def test_a_range_is_sliced_and_down_sampled(api, user):
    series = make_series(user, bars=generate(SyntheticSpec(bars=3000)))
    body = api.get(f"{RANGE}?series={series.pk}&max_points=100").json()
    assert (len(body["bars"]), body["total"], body["downsampled"]) == (100, 3000, True)
    assert (body["bars_per_row"], body["next"]) == (30, None)
    body = api.get(f"{RANGE}?series={series.pk}&start=2015-02-02&end=2015-02-03").json()
    assert [row[0] for row in body["bars"]] == [1422835200, 1422921600]
    assert body["symbol"] == "ABC"


def test_bars_are_the_stored_ones_unless_fewer_are_asked_for_and_come_in_parts(api, user):
    bars = generate(SyntheticSpec(bars=10_050, seed=4, timeframe="1m", calendar="24/7"))
    series = make_series(user, bars=bars, timeframe="1m")
    body = api.get(f"{RANGE}?series={series.pk}").json()
    assert list(body)[-1] == "bars"
    assert (body["total"], body["downsampled"], body["bars_per_row"]) == (10_050, False, 1)
    rest = api.get(body["next"]).json()
    assert (rest["total"], rest["next"]) == (50, None)
    closes = [row[4] for row in body["bars"] + rest["bars"]]
    assert closes == bars.close.tolist()


def test_a_name_that_is_no_parameter_of_bars_is_refused(api, series):
    answer = api.get(f"{RANGE}?series={series.pk}&limit=2")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["limit"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("series=x", 400),
        ("series=99999999999999999999", 400),
        ("series=424242", 404),
        ("series={pk}&start=soon", 400),
        ("series={pk}&end=2024-99-99", 400),
        ("series={pk}&max_points=1", 400),
        ("series={pk}&start=2025-01-01", 200),
    ],
)
def test_a_range_that_makes_no_sense_is_a_clear_refusal(api, series, query, status):
    answer = api.get(f"{RANGE}?{query.format(pk=series.pk)}")
    assert answer.status_code == status, answer.json()


def test_a_stranger_gets_no_bars_and_everybody_the_shared_ones(api_other, series, shared_series):
    assert api_other.get(f"{RANGE}?series={series.pk}").status_code == 404
    assert api_other.get(f"{RANGE}?series={shared_series.pk}").json()["total"] == 10
    assert api_other.get(f"{BARS}?series={series.pk}").json()["count"] == 0
    bar = MarketData.objects.filter(series=series).first()
    assert api_other.get(f"{BARS}{bar.pk}/").status_code == 404


def test_an_empty_series_says_that_it_is_empty(api, user):
    answer = api.get(f"{RANGE}?series={make_series(user).pk}")
    assert (answer.status_code, answer.json()["code"]) == (409, "series_empty")


def test_stored_bars_are_paged_by_series_and_period(api, series):
    assert api.get(BARS).status_code == 400  # without a series
    body = api.get(f"{BARS}?series={series.pk}&start=2024-01-04T00:00:00Z&page_size=3").json()
    assert (body["count"], len(body["results"])) == (7, 3)
    assert body["results"][0]["timestamp"] == "2024-01-04T00:00:00Z"
    one = body["results"][0]
    assert api.get(f"{BARS}{one['id']}/").json() == one
    assert api.post(BARS, {}, format="json").status_code == 405


def test_the_providers_say_what_they_can(api):
    shown = {item["key"]: item for item in api.get(PROVIDERS).json()}
    assert "AAPL" in shown["csv"]["symbols"]
    assert shown["synthetic"]["any_symbol"]


def test_a_misspelt_choice_is_refused_and_not_left_out(api):
    answer = api.post(IMPORTS, form(adjusted="true"), format="multipart")
    assert answer.status_code == 400
    assert "adjust" in answer.json()["fields"]["adjusted"][0]
    assert not Job.objects.exists()


def test_a_disk_that_takes_no_upload_is_an_answer_and_no_crash(api, settings):
    (settings.MEDIA_ROOT / "uploads").touch()
    answer = api.post(IMPORTS, form(), format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
    assert not Job.objects.exists()


def test_an_update_without_a_calendar_keeps_the_one_of_the_series(api, run_jobs):
    api.post(IMPORTS, form(timezone="America/New_York"), format="multipart")
    run_jobs()
    later = {"file": upload(), "symbol": "abc", "timeframe": "1d"}
    assert api.post(IMPORTS, later, format="multipart").status_code == 202
    run_jobs()
    series = Series.objects.get()
    assert (series.calendar, series.timezone, series.periods_per_year) == ("24/7", "America/New_York", 365)

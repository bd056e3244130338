"""The pages of market data, for an owner, a stranger and nobody."""

from dataclasses import replace

import numpy as np
import pytest
from django.test import Client

from algotrade.jobs.models import Job
from marketdata.models import Series
from marketdata.reading.in_memory import read_bars
from marketdata.reading.layout import Reading
from marketdata.services import current_snapshot
from marketdata.tests.bars import HEADER, csv_text, make_bars, read
from marketdata.tests.conftest import make_series

pytestmark = pytest.mark.django_db


def text_of(answer):
    return answer.content.decode()


@pytest.mark.parametrize(
    "url", ["/data/", "/data/1/", "/data/import/", "/data/generate/", "/data/1/chart.json"]
)
def test_nobody_enters_without_signing_in(url, db):
    answer = Client().get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_an_empty_lab_says_what_to_do_next(page):
    body = text_of(page.get("/data/"))
    assert "No data yet" in body
    assert "/data/import/" in body


def test_the_list_shows_own_and_shared_series_and_is_searched(page, series, shared_series, other_user):
    make_series(other_user, "THEIRS", make_bars(3))
    body = text_of(page.get("/data/"))
    assert "ABC" in body
    assert "SHARED" in body
    assert "THEIRS" not in body
    body = text_of(page.get("/data/?q=shar&timeframe=1d&sort=-bar_count"))
    assert f"/data/{shared_series.pk}/" in body
    assert f"/data/{series.pk}/" not in body
    assert "No series matches" in text_of(page.get("/data/?q=nothing"))


def test_the_list_asks_few_questions_however_long_it_is(page, user, django_assert_max_num_queries):
    for number in range(40):
        make_series(user, f"S{number}")
    page.get("/data/")
    with django_assert_max_num_queries(6):
        assert page.get("/data/").status_code == 200


def test_one_series_shows_chart_report_and_snapshots(page, series, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        body = text_of(page.get(f"/data/{series.pk}/"))
    assert f'data-url="/data/{series.pk}/chart.json"' in body
    assert current_snapshot(series).sha256 in body
    assert "No gaps, stale prices" in body


def test_the_report_lists_what_is_suspicious(page, user, tmp_path):
    bars = read(
        tmp_path / "gap.csv", csv_text(make_bars(5)) + csv_text(make_bars(5, "2024-01-10"))[len(HEADER) + 1 :]
    )
    body = text_of(page.get(f"/data/{make_series(user, bars=bars).pk}/"))
    assert "4 sessions are missing, 2024-01-06 to 2024-01-09" in body
    assert "Check it" in body


def test_a_series_without_bars_leads_to_the_import(page, user):
    assert "No bars yet" in text_of(page.get(f"/data/{make_series(user).pk}/"))


def test_a_stranger_finds_nothing_and_may_look_at_shared_series(page_other, series, shared_series):
    for url in ("", "chart.json", "bars.csv", "delete/"):
        assert page_other.get(f"/data/{series.pk}/{url}").status_code == 404
    assert page_other.post(f"/data/{series.pk}/delete/").status_code == 404
    body = text_of(page_other.get(f"/data/{shared_series.pk}/"))
    assert "SHARED" in body
    assert "/delete/" not in body
    assert page_other.post(f"/data/{shared_series.pk}/delete/").status_code == 404
    assert Series.objects.count() == 2


def test_a_number_larger_than_any_key_is_not_found(page):
    for url in ("", "chart.json", "delete/"):
        assert page.get(f"/data/{10**30}/{url}").status_code == 404
    assert page.get(f"/data/import/?series={10**30}").status_code == 200


def test_the_chart_is_json_and_a_bad_period_is_refused_in_words(page, series):
    body = page.get(f"/data/{series.pk}/chart.json?max_points=10&start=2024-01-02").json()
    assert (body["total"], len(body["bars"])) == (9, 9)
    answer = page.get(f"/data/{series.pk}/chart.json?start=soon", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bars_invalid")
    assert page.get(f"/data/{series.pk}/chart.json?max_points=x").status_code == 200


def test_the_export_reads_back_as_the_same_bars(page, series, tmp_path):
    answer = page.get(f"/data/{series.pk}/bars.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="ABC_1d.csv"'
    bars = read(tmp_path / "back.csv", b"".join(answer.streaming_content))
    assert bars.close.tobytes() == make_bars(10).close.tobytes()


def test_whole_numbers_are_exported_without_decimals_and_fractions_with_every_digit(page, user):
    bars = make_bars(2)
    bars = replace(bars, volume=np.array([3638600.0, 0.1 + 0.2]))
    series = make_series(user, "VOL", bars=bars)
    rows = b"".join(page.get(f"/data/{series.pk}/bars.csv").streaming_content).decode().splitlines()
    assert [row.rpartition(",")[2] for row in rows[1:]] == ["3638600", "0.30000000000000004"]


def test_times_with_fractions_of_a_second_are_exported_as_they_are(page, user, tmp_path):
    for fraction in (".5", ".000001", ""):
        bars = make_bars(10, f"2024-01-02T09:30:00{fraction}", "m")
        series = make_series(user, f"X{fraction[1:]}", timeframe="1m", bars=bars)
        body = b"".join(page.get(f"/data/{series.pk}/bars.csv").streaming_content)
        assert body.splitlines()[1].startswith(f"2024-01-02T09:30:00{fraction}".encode())
        path = tmp_path / "back.csv"
        path.write_bytes(body)
        back = read_bars(path, reading=Reading())
        assert back.time.tobytes() == bars.time.tobytes()


def test_deleting_asks_first_and_then_does_it(page, series):
    body = text_of(page.get(f"/data/{series.pk}/delete/"))
    assert "ABC 1d" in body
    assert "10 bars" in body
    assert page.post(f"/data/{series.pk}/delete/")["Location"] == "/data/"
    assert not Series.objects.exists()


def test_a_generated_series_is_queued_and_wrong_values_are_explained(page):
    values = {
        "symbol": "NOISE",
        "process": "geometric_brownian",
        "timeframe": "1d",
        "calendar": "exchange",
        "bars": 100,
        "seed": 1,
        "start": "2015-01-02",
        "price": 100,
        "drift": 0.1,
        "volatility": 0.2,
        "half_life": 20,
        "regime_length": 100,
    }
    assert "Volatility per year" in text_of(page.get("/data/generate/"))
    assert page.post("/data/generate/", values).status_code == 302
    answer = page.post("/data/generate/", values | {"start": "2199-01-01"})
    assert answer.status_code == 422
    assert "do not fit between the years" in text_of(answer)
    assert page.post("/data/generate/", values | {"volatility": "nan"}).status_code == 422
    assert Job.objects.count() == 1

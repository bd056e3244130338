"""The API's doors for bars, and what is done with series: for an owner, and for a stranger who finds nothing."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from algotrade.jobs.models import Job
from marketdata.models import BarImport, Feed, Series, Upload
from marketdata.services import current_snapshot, import_bars
from marketdata.tests.bars import HEADER, csv_text, make_bars
from marketdata.tests.conftest import make_series, upload

pytestmark = pytest.mark.django_db

BASE = "/api/market-data/"
UPLOADS, IMPORTS, SERIES, FEEDS = (f"{BASE}{name}/" for name in ("uploads", "imports", "series", "feeds"))
BROKEN = f"{HEADER}\n2024-01-02,10,12,9,11,500\n2024-01-03,x,13,10,12,600\n2024-01-04,11,13,10,12,600\n"


def send(api, text=None, name="ABC_1d.csv"):
    answer = api.post(UPLOADS, {"file": upload(text, name)}, format="multipart")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_an_upload_answers_with_what_was_recognised_and_its_first_rows(api):
    body = send(api)
    plan = body["plan"]
    assert (body["name"], plan["series"]["symbol"], plan["series"]["timeframe"]) == (
        "ABC_1d.csv",
        "ABC",
        "1d",
    )
    assert plan["layout"]["roles"][:5] == ["time", "open", "high", "low", "close"]
    assert (plan["rows"][0]["line"], plan["rows"][0]["time"]) == (2, "2024-01-01")
    assert (plan["problems"], plan["refusals"], plan["extends"]) == ([], {}, None)
    assert api.get(f"{UPLOADS}{body['id']}/").json() == body
    assert api.get(UPLOADS).json()["results"][0]["id"] == body["id"]
    assert not Job.objects.exists()


def test_the_preview_answers_for_other_options_and_stores_nothing(api):
    body = send(api, BROKEN)
    (problem,) = body["plan"]["problems"]
    assert (problem["line"], problem["column"], problem["value"]) == (3, "open", "x")
    url = f"{UPLOADS}{body['id']}/preview/"
    roles = ["time", "ignore", "high", "low", "close", "volume"]
    answer = api.post(url, {"roles": roles, "symbol": "xyz"}, format="json").json()
    assert answer["series"]["symbol"] == "XYZ"
    assert "No column holds open" in answer["refusals"]["roles"][0]
    assert api.post(url, {"rolls": roles}, format="json").status_code == 400
    assert not BarImport.objects.exists()


def test_a_text_that_is_no_table_is_kept_with_the_reason_and_its_import_is_refused(api):
    body = send(api, "dear reader,\nthis is a letter\n", "letter.txt")
    assert body["plan"]["problems"]
    assert body["plan"]["rows"] == []
    answer = api.post(IMPORTS, {"upload": body["id"], "symbol": "X", "timeframe": "1d"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "file_invalid")


def test_what_the_file_does_not_say_has_to_be_said(api):
    body = send(api, name="bars.csv")
    answer = api.post(IMPORTS, {"upload": body["id"]}, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["symbol"])


def test_an_upload_of_somebody_else_is_not_found(api, api_other):
    body = send(api)
    for url in (f"{UPLOADS}{body['id']}/", f"{UPLOADS}{'0' * 32}/"):
        assert api_other.get(url).status_code == 404
        assert api_other.delete(url).status_code == 404
        assert api_other.post(f"{url}preview/", {}, format="json").status_code == 404
    answer = api_other.post(IMPORTS, {"upload": body["id"]}, format="json")
    assert answer.status_code == 404
    assert api.delete(f"{UPLOADS}{body['id']}/").status_code == 204
    assert not Upload.objects.exists()


def test_a_file_that_cannot_be_queued_is_not_kept(api):
    answer = api.post(IMPORTS, {"file": upload(), "symbol": "a b", "timeframe": "1d"}, format="multipart")
    assert answer.status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_import_ends_in_a_report_and_its_problems_are_listed(api, api_other, run_jobs):
    body = send(api, BROKEN)
    made = api.post(IMPORTS, {"upload": body["id"]}, format="json").json()
    run_jobs()
    shown = api.get(made["url"]).json()
    assert (shown["status"], shown["error_code"], shown["problem_count"]) == ("failed", "file_invalid", 1)
    assert shown["upload"] == body["id"]
    (problem,) = api.get(f"{made['url']}problems/").json()
    assert problem == {"line": 3, "column": "open", "value": "x", "reason": problem["reason"]}
    lines = b"".join(api.get(f"{made['url']}problems.csv").streaming_content).decode().splitlines()
    assert lines[1].startswith("3,open,x,")
    again = api.post(IMPORTS, {"upload": body["id"], "policy": "drop"}, format="json").json()
    run_jobs()
    shown = api.get(again["url"]).json()
    assert (shown["status"], shown["bars_added"], shown["report"]["rows_dropped"]) == ("succeeded", 2, 1)
    assert shown["series"] == Series.objects.get().pk
    for url in ("", "problems/", "problems.csv", "conflicts/"):
        assert api_other.get(f"{made['url']}{url}").status_code == 404
    assert api_other.post(f"{made['url']}cancel/").status_code == 404
    assert api_other.get(IMPORTS).json()["count"] == 0
    assert api.get(f"{IMPORTS}?status=failed").json()["count"] == 1


@pytest.mark.django_db(transaction=True)
def test_contradicted_bars_are_listed(api, run_jobs, user):
    make_series(user, "ABC", make_bars(10))
    lines = csv_text(make_bars(10)).splitlines()
    lines[2] = ",".join([*lines[2].split(",")[:5], "7777"])
    made = api.post(
        IMPORTS, {"file": upload("\n".join(lines)), "symbol": "ABC", "timeframe": "1d"}, format="multipart"
    )
    run_jobs()
    url = made.json()["url"]
    assert api.get(url).json()["error_code"] == "bars_conflict"
    (conflict,) = api.get(f"{url}conflicts/").json()
    assert (conflict["column"], conflict["new"]) == ("volume", 7777.0)


def test_a_list_of_imports_reads_nothing_that_only_one_of_them_shows(api, user):
    BarImport.objects.create(user=user, source="file", symbol="ABC", timeframe="1d")
    with CaptureQueriesContext(connection) as asked:
        assert api.get(IMPORTS).json()["count"] == 1
    read = " ".join(query["sql"] for query in asked if "marketdata_barimport" in query["sql"])
    for name in ("settings", "report", "problems", "conflicts"):
        assert f', "marketdata_barimport"."{name}"' not in read, name


def test_a_waiting_import_is_cancelled_once(api):
    made = api.post(IMPORTS, {"upload": send(api)["id"]}, format="json").json()
    answer = api.post(f"{made['url']}cancel/")
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert api.post(f"{made['url']}cancel/").status_code == 409


def test_a_series_is_described_anew_by_its_owner(api, api_other, series, shared_series):
    url = f"{SERIES}{series.pk}/"
    answer = api.patch(url, {"name": "Alphabet", "timezone": "America/New_York"}, format="json")
    assert (answer.status_code, answer.json()["name"]) == (200, "Alphabet")
    assert not Job.objects.exists()
    assert api.patch(url, {"calendar": "moon"}, format="json").status_code == 400
    assert api.patch(url, {"timezone": "Nowhere"}, format="json").json()["fields"]["timezone"]
    assert api_other.patch(url, {"name": "mine"}, format="json").status_code == 404
    assert api.patch(f"{SERIES}{shared_series.pk}/", {"name": "x"}, format="json").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_another_calendar_has_the_quality_examined_anew(api, series, run_jobs):
    assert api.get(f"{SERIES}{series.pk}/quality/").json()["outside_bars"] == 0
    answer = api.patch(f"{SERIES}{series.pk}/", {"calendar": "XNYS"}, format="json")
    assert answer.json()["calendar"] == "XNYS"
    (job,) = [job for job in run_jobs() if job.kind == "marketdata.examine"]
    assert (job.state, job.error_detail) == ("succeeded", "")
    report = api.get(f"{SERIES}{series.pk}/quality/").json()
    assert report["calendar"] == "XNYS"
    assert report["outside_bars"] > 0  # the weekends of ten days in January


@pytest.mark.django_db(transaction=True)
def test_a_series_goes_back_to_an_earlier_snapshot(api, api_other, series, run_jobs):
    first = current_snapshot(series).sha256
    import_bars(series=series, bars=make_bars(5, "2024-01-11"))
    url = f"{SERIES}{series.pk}/restore/"
    assert len(api.get(f"{SERIES}{series.pk}/snapshots/").json()["results"]) == 2
    assert api_other.post(url, {"sha256": first}, format="json").status_code == 404
    assert api.post(url, {"sha256": "0" * 64}, format="json").status_code == 404
    made = api.post(url, {"sha256": first}, format="json")
    assert made.status_code == 202
    run_jobs()
    series.refresh_from_db()
    assert (series.bar_count, series.content_sha256) == (10, first)
    assert api.get(made.json()["url"]).json()["bars_removed"] == 5
    answer = api.post(url, {"sha256": first}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_restore")
    assert api.get(f"{SERIES}{series.pk}/imports/").json()["count"] == 1


@pytest.mark.django_db(transaction=True)
def test_longer_bars_and_adjusted_ones_are_made_of_a_series(api, api_other, series, run_jobs):
    made = api.post(f"{SERIES}{series.pk}/resample/", {"timeframe": "1w"}, format="json")
    splits = [{"time": "2024-01-05T00:00:00Z", "ratio": 4}]
    adjusted = api.post(f"{SERIES}{series.pk}/adjust-splits/", {"splits": splits}, format="json")
    assert (made.status_code, adjusted.status_code) == (202, 202), adjusted.json()
    assert {job.state for job in run_jobs()} == {"succeeded"}
    weekly, half = Series.objects.get(timeframe="1w"), Series.objects.get(adjustment="splits")
    assert (weekly.derived_from, half.derived_from) == (series, series)
    assert api.get(f"{SERIES}{weekly.pk}/").json()["derived_from"] == series.pk
    assert api.post(f"{SERIES}{series.pk}/resample/", {"timeframe": "1m"}, format="json").status_code == 400
    assert api.post(f"{SERIES}{series.pk}/adjust-splits/", {}, format="json").status_code == 400
    for action in ("resample", "adjust-splits"):
        assert api_other.post(f"{SERIES}{series.pk}/{action}/", {}, format="json").status_code == 404


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("resample", {"timeframe": "1w"}),
        ("adjust-splits", {"splits": [{"time": "2024-01-05T00:00:00Z", "ratio": 4}]}),
    ],
    ids=["resample", "adjust-splits"],
)
def test_staff_make_series_for_everybody_of_shared_ones_alone(api, staff, shared_series, action, body):
    url, shared = f"{SERIES}{shared_series.pk}/{action}/", {**body, "shared": True}
    refused = api.post(url, shared, format="json")
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["shared"])
    api.force_authenticate(staff)
    assert api.post(url, shared, format="json").status_code == 202
    row = BarImport.objects.get()
    assert (row.user, row.settings["shared"]) == (staff, True)
    mine = make_series(staff, "MINE", make_bars(10))
    refused = api.post(f"{SERIES}{mine.pk}/{action}/", shared, format="json")
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["shared"])


def test_a_feed_is_made_changed_refreshed_and_removed(api, api_other, series, shared_series):
    body = {"series": series.pk, "provider": "synthetic", "symbol": "GBM", "every": "1h"}
    made = api.post(FEEDS, body, format="json")
    assert made.status_code == 201, made.json()
    url = made["Location"]
    assert api.get(url).json()["every"] == "1h"
    assert api.post(FEEDS, body | {"series": shared_series.pk}, format="json").status_code == 404
    assert api_other.post(FEEDS, body, format="json").status_code == 404
    for method in (api_other.get, api_other.patch, api_other.delete):
        assert method(url).status_code == 404
    assert api_other.post(f"{url}refresh/").status_code == 404
    assert api.patch(url, {"every": "1d", "enabled": False}, format="json").json()["enabled"] is False
    assert api.patch(url, {"provider": "nobody"}, format="json").status_code == 400
    refreshed = api.post(f"{url}refresh/", {}, format="json")
    assert (refreshed.status_code, BarImport.objects.get().source) == (202, "provider")
    assert api.delete(url).status_code == 204
    assert not Feed.objects.exists()


def test_a_download_is_asked_for_and_a_wrong_one_refused_by_field(api):
    body = {"provider": "synthetic", "provider_symbol": "GBM", "symbol": "walk", "timeframe": "1d"}
    made = api.post(f"{BASE}fetches/", body | {"start": "2020-01-01", "end": "2020-12-31"}, format="json")
    assert made.status_code == 202, made.json()
    row = BarImport.objects.get()
    assert (row.symbol, row.settings["provider_symbol"], row.settings["start"]) == (
        "WALK",
        "GBM",
        "2020-01-01",
    )
    for changes, name in (
        ({"provider": "nobody"}, "provider"),
        ({"end": "2019-01-01", "start": "2020-01-01"}, "end"),
        ({"timeframe": "9d"}, "timeframe"),
        ({"symbol": "a b"}, "symbol"),
    ):
        answer = api.post(f"{BASE}fetches/", body | changes, format="json")
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [name]), answer.json()


def test_the_providers_say_what_they_lack(api):
    shown = {item["key"]: item for item in api.get(f"{BASE}providers/").json()}
    assert shown["synthetic"]["available"] is True
    assert all(bool(item["problem"]) != item["available"] for item in shown.values())


def test_a_forgotten_upload_goes_with_the_next_one(api):
    body = send(api)
    Upload.objects.update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    send(api)
    assert not Upload.objects.filter(pk=body["id"]).exists()
    assert Upload.objects.count() == 1


def test_only_staff_import_for_everybody(api, staff):
    asked = {"symbol": "ABC", "timeframe": "1d", "shared": "true"}
    answer = api.post(IMPORTS, {"file": upload(), **asked}, format="multipart")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["shared"])
    assert not Upload.objects.exists()
    api.force_authenticate(staff)
    assert api.post(IMPORTS, {"file": upload(), **asked}, format="multipart").status_code == 202
    assert BarImport.objects.get().settings["shared"] is True

"""Requests that nobody sends by mistake: each is refused shortly and in the one shape, and none fails."""

import json

import pytest

from algotrade.jobs.models import Job
from marketdata.api.serializers import files, providers, series, synthetic
from marketdata.models import BarImport, Upload
from marketdata.store import uploads
from marketdata.tests.conftest import upload

pytestmark = pytest.mark.django_db

BASE = "/api/market-data/"
LONGEST_ANSWER = 10_000
NO_OBJECTS = [None, [], [1], "text", 5, True, [[]]]
VALUES = [
    None,
    [],
    {},
    "x" * 100_000,
    -1,
    1.5,
    1e308,
    True,
    [None],
    {"a": {"b": []}},
    ["x"] * 5_000,
    "9999-99-99",
    "NaN",
]
SPLITS = [{"time": "2024-01-05", "ratio": 2}]
DOORS = {
    "preview": ("post", "uploads/{upload}/preview/", files.FileOptionsSerializer, {}),
    "import": ("post", "imports/", files.ImportRequestSerializer, {"symbol": "ABC", "timeframe": "1d"}),
    "fetch": (
        "post",
        "fetches/",
        providers.FetchSerializer,
        {"provider": "synthetic", "provider_symbol": "GBM"},
    ),
    "synthetic": ("post", "synthetic/", synthetic.SyntheticSerializer, {"symbol": "ABC"}),
    "resample": ("post", "series/{series}/resample/", series.ResampleSerializer, {"timeframe": "1w"}),
    "adjust": ("post", "series/{series}/adjust-splits/", series.AdjustSplitsSerializer, {"splits": SPLITS}),
    "restore": ("post", "series/{series}/restore/", series.RestoreSerializer, {}),
    "change": ("patch", "series/{series}/", series.SeriesChangeSerializer, {}),
    "feed": (
        "post",
        "feeds/",
        providers.FeedCreateSerializer,
        {"provider": "synthetic", "symbol": "GBM"},
    ),
    "feed-change": ("patch", "feeds/{feed}/", providers.FeedChangeSerializer, {}),
    "feed-refresh": ("post", "feeds/{feed}/refresh/", providers.FeedRefreshSerializer, {}),
}


@pytest.fixture
def door(api, series):
    """Ask at one of `DOORS`; the answer is checked for what every answer has in common."""
    ids = {"series": series.pk, "upload": _sent(api)}
    asked = {"provider": "synthetic", "symbol": "GBM", "series": series.pk}
    ids["feed"] = api.post(f"{BASE}feeds/", asked, format="json").json()["id"]

    def ask(name, /, body=None, **changed):
        verb, url, _kind, usual = DOORS[name]
        known = {"import": {"upload": ids["upload"]}, "feed": {"series": series.pk}}.get(name, {})
        body = {**usual, **known, **changed} if changed else body
        answer = getattr(api, verb)(
            BASE + url.format(**ids), json.dumps(body), content_type="application/json"
        )
        Job.objects.all().delete()  # a full queue would answer instead
        if answer.status_code >= 300:
            assert set(answer.json()) == {"code", "detail", "fields"}, changed
            assert answer.json()["detail"]
            assert len(answer.content) < LONGEST_ANSWER, changed
        return answer

    return ask


def _sent(api):
    return api.post(f"{BASE}uploads/", {"file": upload()}, format="multipart").json()["id"]


@pytest.mark.parametrize("name", DOORS)
def test_what_is_no_object_is_refused(door, name):
    for body in NO_OBJECTS:
        assert door(name, body).status_code in {400, 409}, body
    assert not BarImport.objects.exists()


@pytest.mark.parametrize("name", DOORS)
def test_a_name_that_is_no_field_is_refused_with_the_nearest(door, name):
    _verb, _url, kind, usual = DOORS[name]
    fields = [*kind().fields]
    answer = door(name, **{**usual, f"{fields[-1]}x": 1})
    assert f"Did you mean '{fields[-1]}'?" in answer.json()["fields"][f"{fields[-1]}x"][0]
    assert door(name, **{"x" * 100_000: 1, "": 1}).status_code == 400


@pytest.mark.parametrize("name", DOORS)
def test_any_value_in_any_field_is_taken_or_refused_shortly(door, name):
    for field in DOORS[name][2]().fields:
        for value in VALUES:
            assert door(name, **{field: value}).status_code < 500, (field, value)
    for part in ("time", "ratio") if name == "adjust" else ():
        for value in VALUES:
            assert door(name, splits=[{**SPLITS[0], part: value}]).status_code < 500, (part, value)


def test_a_choice_that_is_not_there_is_refused_with_the_nearest(door):
    said = door("import", timeframe="1dd").json()["fields"]["timeframe"]
    assert said == ["'1dd' is not a valid choice. Did you mean '1d'?"]
    said = door("import", overlap="x" * 100_000).json()["fields"]["overlap"][0]
    assert said.endswith("... is not a valid choice. There are: extend, keep, replace, reject.")


def test_more_splits_than_anybody_means_are_refused(door):
    many = [{"time": f"20{year:02}-01-{day:02}", "ratio": 2} for year in range(90) for day in range(1, 25)]
    answer = door("adjust", splits=many)
    assert (answer.status_code, answer.json()["code"]) == (400, "recipe_invalid")


def test_an_upload_whose_file_is_gone_is_said_to_be_so_at_every_door(api, page, user):
    pk = _sent(api)
    stored = Upload.objects.get(pk=pk)
    uploads.path_of(stored.path).unlink()
    body = {"upload": pk, "symbol": "ABC", "timeframe": "1d"}
    answers = [
        api.get(f"{BASE}uploads/{pk}/"),
        api.post(f"{BASE}uploads/{pk}/preview/", {}, format="json"),
        api.post(f"{BASE}imports/", body, format="json"),
    ]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (409, "The uploaded file is no longer kept. Upload it again.")
    }
    seen = page.get(f"/data/import/{pk}/")
    assert seen.status_code == 409
    assert "The uploaded file is no longer kept. Upload it again." in seen.content.decode()
    assert api.delete(f"{BASE}uploads/{pk}/").status_code == 204
    assert not Upload.objects.exists()


def test_settings_that_cannot_be_read_break_no_page(api, page, user, series):
    send = {"user": user, "symbol": "ABC", "timeframe": "1d", "series": series}
    for source in BarImport.Source.values:
        for settings in ({}, {"key": None}, {"key": {"symbol": []}, "layout": 5}):
            row = BarImport.objects.create(source=source, settings=settings, **send)
            assert api.get(f"{BASE}imports/{row.pk}/").status_code == 200
            assert page.get(row.get_absolute_url()).status_code == 200
            assert page.get(f"/data/import/{_sent(api)}/?again={row.pk}").status_code == 200
            assert page.get(f"/data/{series.pk}/feed/").status_code == 200

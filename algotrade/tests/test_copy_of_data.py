"""A copy of everything that somebody owns."""

import csv
import io
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import api_tokens, exporting
from accounts.belongings import belongings
from accounts.errors import ExportUnderWay
from accounts.models import DataExport
from accounts.tasks import _free
from algotrade.audit.models import Entry
from algotrade.jobs import runner
from algotrade.jobs.models import Job
from algotrade.tests.belongings import one_of_everything
from marketdata.models import Series
from marketdata.services import import_bars
from marketdata.synthetic import SyntheticSpec, generate
from strategies.models import Strategy


def written(user):
    """Ask for a copy and have it written as a job's process does."""
    export = exporting.submit(user)
    assert export.job.claim("test")
    runner.run(Job.objects.get(pk=export.job_id))
    export.refresh_from_db()
    assert export.status == "succeeded", export.error_detail
    return export


def received(answer):
    async def collect():
        return b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(collect)()


def test_no_model_that_refers_to_a_user_is_forgotten():
    known = {belonging.model for belonging in belongings()}
    referring = {relation.related_model._meta.label for relation in get_user_model()._meta.related_objects}
    assert referring - known == set(), "say in <app>/belongings.py how these are copied and removed"


@pytest.mark.django_db(transaction=True)
def test_a_copy_holds_all_of_the_owner_and_nothing_of_others(make_user, media_root):
    ada, grace = make_user("ada", full_name="Ada Lovelace"), make_user("grace")
    one_of_everything(ada, media_root)
    DataExport.objects.all().delete()
    secret = api_tokens.make(ada, name="x")[1]
    Strategy.objects.create(
        user=grace, name="of grace", strategy_type="rsi", symbol="X", initial_capital=1000
    )
    export = written(ada)
    assert export.size == export.file.stat().st_size
    with zipfile.ZipFile(export.file) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {"README.txt", "account.json", "strategies.json", "series.json", "backtests.json"} <= set(files)
    rows = {name: json.loads(content) for name, content in files.items() if name.endswith(".json")}
    assert [row["username"] for row in rows["account.json"]] == ["ada"]
    assert "password" not in rows["account.json"][0]
    assert [row["name"] for row in rows["strategies.json"]] == ["zanzibar"]
    for name in (
        "series",
        "uploads",
        "imports",
        "feeds",
        "models",
        "backtests",
        "sweeps",
        "jobs",
        "snapshots",
    ):
        assert rows[f"{name}.json"], name
    everything = b"".join(files.values())
    assert b"of grace" not in everything
    assert ada.password.encode() not in everything
    assert secret[8:].encode() not in everything
    upload = next(name for name in files if name.startswith("uploads/"))
    assert files[upload].startswith(b"date,open")
    assert any(name.startswith("bars/") and name.endswith(".error.txt") for name in files)  # its file is gone


@pytest.mark.django_db(transaction=True)
def test_bars_come_back_as_the_numbers_they_were(make_user):
    ada = make_user("ada")
    spec = SyntheticSpec(bars=300, timeframe="1d", seed=7)
    series = Series.objects.create(
        user=ada, symbol="ROUND", timeframe="1d", source="csv", calendar="exchange"
    )
    bars = generate(spec)
    import_bars(series=series, bars=bars)
    with zipfile.ZipFile(written(ada).file) as archive:
        name = next(name for name in archive.namelist() if name.startswith("bars/ROUND"))
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open(name))))
    assert len(rows) == 300
    assert [float(row["close"]) for row in rows] == bars.close.tolist()


@pytest.mark.django_db(transaction=True)
def test_one_is_written_at_a_time_and_the_next_takes_the_place_of_the_last(make_user):
    ada = make_user("ada")
    first = exporting.submit(ada)
    with pytest.raises(ExportUnderWay):
        exporting.submit(ada)
    assert first.job.claim("test")
    runner.run(Job.objects.get(pk=first.job_id))
    first.refresh_from_db()
    second = written(ada)
    assert not first.file.exists()
    assert list(DataExport.objects.all()) == [second]


@pytest.mark.django_db(transaction=True)
def test_the_download_is_the_owners_alone_and_is_recorded(make_user, client_for):
    ada, grace = make_user("ada"), make_user("grace")
    export = written(ada)
    for url in (
        reverse("accounts:export_download", args=[export.pk]),
        reverse("auth-export-download", args=[export.pk]),
    ):
        answer = client_for(ada).get(url)
        assert received(answer) == export.file.read_bytes()
        assert answer["Content-Disposition"].endswith('.zip"')
        assert client_for(grace).get(url).status_code == 404
    _token, secret = api_tokens.make(ada, name="script", scope="run")
    refused = APIClient().get(url, headers={"Authorization": f"Bearer {secret}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "token_scope")
    recorded = Entry.objects.filter(action="data.exported", target_name__endswith=".zip", actor_name="ada")
    assert recorded.exclude(address=None).count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_the_way_from_asking_to_removing(make_user, client_for):
    ada = make_user("ada")
    client = client_for(ada)
    assert "Write a copy" in client.get(reverse("accounts:data")).content.decode()
    assert client.post(reverse("accounts:export_create")).status_code == 302
    export = DataExport.objects.get()
    assert f'id="job-{export.job_id}"' in client.get(reverse("accounts:data")).content.decode()
    assert client.get(reverse("accounts:export_download", args=[export.pk])).status_code == 404
    assert export.job.claim("test")
    runner.run(Job.objects.get(pk=export.job_id))
    fragment = client.get(reverse("accounts:data"), {"fragment": "1"}).content.decode()
    assert "Download" in fragment
    assert "<html" not in fragment
    file = DataExport.objects.get().file
    assert client.post(reverse("accounts:export_delete", args=[export.pk])).status_code == 302
    assert not file.exists()
    assert not DataExport.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_old_copies_and_lost_files_go_by_the_clock(make_user, media_root):
    export = written(make_user("ada"))
    folder = export.file.parent
    lost, fresh = folder / "lost.zip", folder / ".draft-now.zip"
    lost.write_bytes(b"x")
    fresh.write_bytes(b"x")
    os.utime(lost, (0, 0))
    exporting.tidy()
    assert export.file.exists()
    assert (lost.exists(), fresh.exists()) == (False, True)
    DataExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    exporting.tidy()
    assert not Path(export.file).exists()


def test_names_stay_inside_and_apart():
    taken = set()
    names = [
        _free(name, taken) for name in ("../../etc/passwd", "/a//b.csv", "A/b.csv", "uploads/..\\x.csv", "..")
    ]
    assert names == ["etc/passwd", "a/b.csv", "A/b.csv.2", "uploads/x.csv", "file"]

"""What nothing needs goes, what anything needs stays, and damage is mended or said."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from algotrade.jobs.schedule import declared
from marketdata import periodic
from marketdata.incoming.submissions import keep_upload, restore_snapshot
from marketdata.models import MarketData, Snapshot, Upload
from marketdata.services import import_bars
from marketdata.store import collecting, snapshots
from marketdata.store.collecting import check_snapshots, collect_snapshots, unreferenced
from marketdata.store.opening import current_snapshot, drafts_folder, open_snapshot
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series, upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

LATER = timedelta(days=8)


def files(media_root):
    return sorted(path.stem for path in (Path(media_root) / "snapshots").rglob("*.npy"))


def age(path, days):
    seconds = (now() - timedelta(days=days)).timestamp()
    os.utime(path, (seconds, seconds))


def test_an_old_snapshot_goes_with_its_file_and_the_current_one_stays(series, media_root):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(12))
    assert collect_snapshots().snapshots == 0  # it was current a moment ago
    assert collect_snapshots(now() + LATER).snapshots == 1
    assert files(media_root) == [series.content_sha256]
    assert not Snapshot.objects.filter(pk=first.pk).exists()
    assert len(open_snapshot(current_snapshot(series))) == 12


def test_the_days_that_snapshots_are_kept_are_a_setting(series, settings):
    import_bars(series=series, bars=make_bars(12))
    settings.SNAPSHOT_KEEP_DAYS = 30
    assert collect_snapshots(now() + LATER).snapshots == 0
    settings.SNAPSHOT_KEEP_DAYS = 0
    assert collect_snapshots(now() + timedelta(seconds=1)).snapshots == 1


def test_every_relation_to_snapshots_keeps_them(series):
    """Whatever app adds a foreign key to Snapshot is asked without having to say so here."""
    names = {
        f"{relation.related_model._meta.label}.{relation.field.name}"
        for relation in Snapshot._meta.related_objects
    }
    assert {
        "backtests.BacktestResult.snapshot",
        "backtests.Sweep.snapshot",
        "mlmodels.MLModel.snapshot",
    } <= names
    sql = str(unreferenced(now()).query)
    for relation in Snapshot._meta.related_objects:
        assert relation.related_model._meta.db_table in sql


def test_a_snapshot_that_a_series_is_to_return_to_stays(user, series):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(12))
    restore_snapshot(owner=user, series=series, snapshot=first)
    assert collect_snapshots(now() + LATER).snapshots == 0


def test_one_file_of_two_series_stays_while_either_needs_it(user, other_user, media_root):
    mine, theirs = make_series(user, bars=make_bars(10)), make_series(other_user, bars=make_bars(10))
    import_bars(series=mine, bars=make_bars(12))
    collect_snapshots(now() + LATER)
    assert (Path(media_root) / current_snapshot(theirs).path).exists()
    assert len(open_snapshot(current_snapshot(theirs))) == 10


def test_files_that_no_row_names_go_after_a_day(series, media_root):
    folder = Path(media_root) / "snapshots"
    stray, draft = folder / "ab" / f"{'ab' * 32}.npy", folder / ".draft-x.npy"
    stray.parent.mkdir(exist_ok=True)
    for path in (stray, draft):
        path.write_bytes(b"x")
    assert collect_snapshots().files == 0
    for path in (stray, draft, *folder.rglob("*.npy")):
        age(path, 2)
    assert collect_snapshots().files == 2
    assert files(media_root) == [series.content_sha256]


def test_old_uploads_and_working_folders_go(user, media_root):
    kept, old = keep_upload(user, upload()), keep_upload(user, upload())
    Upload.objects.filter(pk=old.pk).update(created_at=now() - LATER)
    nameless = Path(media_root) / "uploads" / "1" / "x.csv"
    nameless.parent.mkdir(exist_ok=True)
    nameless.write_bytes(b"x")
    age(nameless, 8)
    dead, alive = drafts_folder() / "columns-dead", drafts_folder() / "columns-alive"
    dead.mkdir()
    alive.mkdir()
    age(dead, 2)
    found = collect_snapshots()
    assert (found.uploads, found.drafts) == (2, 1)
    assert (Path(media_root) / kept.path).exists()
    assert not (Path(media_root) / old.path).exists()
    assert alive.exists()


def test_a_damaged_file_is_found_by_its_hash_and_rebuilt_from_the_rows(series, media_root):
    path = Path(media_root) / current_snapshot(series).path
    stamp = path.stat()
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 1
    path.chmod(0o640)
    path.write_bytes(raw)
    os.utime(
        path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns)
    )  # as a failing disk would: nothing shows but the bytes
    found = check_snapshots()
    assert (found.intact, found.rebuilt, found.damaged) == (0, 1, 0)
    assert check_snapshots().intact == 1
    assert len(open_snapshot(current_snapshot(series))) == 10


def test_an_earlier_state_of_a_series_that_only_grew_is_rebuilt_from_the_first_rows(series, media_root):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(12))
    (Path(media_root) / first.path).unlink()
    assert check_snapshots().rebuilt == 1
    assert len(open_snapshot(first)) == 10


def test_damage_that_cannot_be_mended_is_noted_logged_and_fails_the_command(series, media_root, caplog):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(10, price=7.0))
    (Path(media_root) / first.path).unlink()
    with pytest.raises(CommandError, match="Restore them"):
        call_command("check_snapshots")
    first.refresh_from_db()
    assert first.damaged_at is not None
    assert "cannot be rebuilt" in caplog.text
    import_bars(series=series, bars=make_bars(10))  # the same content again: its file is written anew
    first.refresh_from_db()
    assert first.damaged_at is None
    assert check_snapshots().damaged == 0


def test_a_file_that_cannot_be_written_now_does_not_keep_others_from_being_read(user, media_root, caplog):
    blocked = make_series(user, "BLOCKED", make_bars(5)).snapshots.get()
    path = media_root / blocked.path
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    other = make_series(user, "OTHER", make_bars(6)).snapshots.get()
    (media_root / other.path).unlink()
    found = check_snapshots()
    assert (found.intact, found.rebuilt, found.damaged) == (0, 1, 1)
    assert "cannot write its files" in caplog.text
    blocked.refresh_from_db()
    assert blocked.damaged_at is None
    (path / "in the way").rmdir()
    path.rmdir()
    assert check_snapshots().rebuilt == 1


def test_rows_that_were_altered_rebuild_nothing(series, media_root):
    MarketData.objects.filter(series=series).update(volume=51.0)
    (Path(media_root) / current_snapshot(series).path).unlink()
    assert check_snapshots().damaged == 1


def test_the_commands_say_what_they_did(series, capsys):
    call_command("collect_snapshots")
    call_command("check_snapshots")
    said = capsys.readouterr().out
    assert "0 snapshots, 0 files" in said
    assert "1 snapshots are intact, 0 were rebuilt" in said


def test_a_second_collector_at_the_same_time_does_no_harm(series, monkeypatch):
    import_bars(series=series, bars=make_bars(12))
    (old,) = unreferenced(now() + LATER)
    assert collecting._remove(old)
    assert not collecting._remove(old)


@pytest.mark.parametrize("age_days", [0, 30])
def test_a_storage_without_files_of_this_machine_is_read_through_verified_copies(
    user, settings, tmp_path, age_days
):
    settings.STORAGES = settings.STORAGES | {
        "snapshots": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    settings.SNAPSHOT_CACHE = tmp_path / "cache"
    series = make_series(user, bars=make_bars(10))
    snapshot = current_snapshot(series)
    assert snapshots.storage().exists(snapshot.path)
    copy = settings.SNAPSHOT_CACHE / snapshot.path
    age(copy, age_days)
    collect_snapshots()
    assert copy.exists() == (age_days == 0)
    bars = open_snapshot(snapshot, "2024-01-03", "2024-01-04")
    assert (len(bars), bars.open.flags.owndata) == (2, False)
    copy.chmod(0o640)
    copy.write_bytes(b"spoilt")
    assert len(open_snapshot(snapshot)) == 10  # fetched again
    snapshots.storage().delete(snapshot.path)
    copy.unlink()
    assert len(open_snapshot(snapshot)) == 10  # rebuilt from the rows
    assert snapshots.storage().exists(snapshot.path)
    import_bars(series=series, bars=make_bars(12))
    collect_snapshots(now() + LATER)
    assert not snapshots.storage().exists(snapshot.path)
    assert not copy.exists()


def test_what_killed_imports_left_is_removed_by_the_clock(monkeypatch):
    called = []
    monkeypatch.setattr("marketdata.store.leftovers.discard_left_behind", lambda: called.append(1))
    periodic.discard_left_behind()
    assert called == [1]
    assert "marketdata.discard_left_behind" in {item.task for item in declared()}

"""Damaged files: each is read as bars that keep their promises, or refused with its errors in place."""

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from algotrade.jobs.advice import advised_codes
from marketdata.columns import ColumnFiles
from marketdata.errors import FileInvalid, FileTooLarge
from marketdata.models import BarImport
from marketdata.reading.layout import REPAIRS, Reading
from marketdata.reading.lines import open_head
from marketdata.reading.recognition.detect import detect
from marketdata.reading.streaming.reader import read_file
from marketdata.tests.mutants import mutants

SEED = 1
EVERY_DAY, AT_THE_DOOR = 150, 40
LONGEST = 500  # lines of the longest of these files
CRASHED = frozenset(
    {
        "internal_error",
        "worker_lost",
        "out_of_memory",
        "storage_failed",
        "deadline_exceeded",
        "database_unavailable",
    }
)
"""How a job ends that did not refuse its file, but failed at it."""
READINGS = (
    Reading(policy="reject"),
    Reading(policy="drop"),
    Reading(policy="repair", repairs=tuple(REPAIRS)),
    Reading(policy="reject", session_dates=True),
    Reading(policy="drop", timezone="America/New_York"),
)


def located(problems):
    """Whether each problem says where and why, in words that are short enough to show."""
    return bool(problems) and all(
        0 <= item.line <= LONGEST
        and 10 <= len(item.reason) <= 400
        and len(item.column) <= 40
        and len(item.value) <= 60
        for item in problems
    )


def outcome(path, number):
    """What becomes of a file: "read", or the problems that refuse it. Anything else raises."""
    try:
        found = detect(open_head(path), file_name=path.name)
    except (FileInvalid, FileTooLarge) as error:  # what is wrong with the packing shows when it is unpacked
        return getattr(error, "problems", ()) or error.detail
    if found.problems:
        return found.problems
    try:
        content = read_file(path, layout=found.layout, reading=READINGS[number % len(READINGS)])
    except FileInvalid as error:
        return error.problems
    except FileTooLarge as error:
        return error.detail
    with content.columns as columns:
        assert_bars_keep_their_promises(columns)
    return "read"


def assert_bars_keep_their_promises(columns: ColumnFiles) -> None:
    time = columns.read("time")
    open_, high, low, close, volume = (
        columns.read(name) for name in ("open", "high", "low", "close", "volume")
    )
    assert len(time) > 0
    assert (np.diff(time) > 0).all()
    for values in (open_, high, low, close):
        assert np.isfinite(values).all()
        assert (values > 0).all()
    assert (high >= np.maximum(open_, close)).all()
    assert (low <= np.minimum(open_, close)).all()
    assert np.isfinite(volume).all()
    assert (volume >= 0).all()


def read_all(folder, count, seed):
    """How many of so many damaged files were refused, and how many read; raises for one that failed."""
    path = folder / "bars.csv"
    refused = read = 0
    for number, (name, data) in enumerate(mutants(count, seed)):
        path.write_bytes(data)
        try:
            became = outcome(path, number)
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}: {error}\n{data[:400]!r}") from error
        if became == "read":
            read += 1
            continue
        refused += 1
        assert isinstance(became, str) or located(became), f"{name}: {became}\n{data[:400]!r}"
    return refused, read


def test_each_damaged_file_is_read_well_or_refused_in_its_place(tmp_path):
    refused, read = read_all(tmp_path, EVERY_DAY, SEED)
    assert refused > EVERY_DAY / 4, "these files are hardly damaged"
    assert read > EVERY_DAY / 20, "these files are nothing but damage"


def test_the_codes_of_crashed_jobs_are_those_in_use():
    assert advised_codes() >= CRASHED


@pytest.mark.django_db
def test_a_damaged_file_never_fails_the_door(api, run_jobs):
    for number, (name, data) in enumerate(mutants(AT_THE_DOOR, SEED + 1)):
        sent = SimpleUploadedFile("bars.csv", data, "text/csv")
        told = api.post("/api/market-data/uploads/", {"file": sent}, format="multipart")
        assert told.status_code < 500, f"{name}: {told.content[:300]!r}"
        sent = SimpleUploadedFile("bars.csv", data, "text/csv")
        body = {"file": sent, "symbol": f"M{number}", "timeframe": "1d"}
        answer = api.post("/api/market-data/imports/", body, format="multipart")
        assert answer.status_code in {202, 400, 409, 413}, (
            f"{name}: {answer.status_code} {answer.content[:300]!r}"
        )
        if answer.status_code != 202:
            assert answer.json()["detail"]
    for job in run_jobs():
        assert job.state in {"succeeded", "failed"}
        assert job.error_code not in CRASHED, (job.error_code, job.error_detail)
        assert job.state == "succeeded" or job.error_detail
    for row in BarImport.objects.filter(status="failed").exclude(problems=[]):
        assert all(item["reason"] for item in row.problems)

"""What the database's own triggers write down, on a database of the shape that the triggers need."""

import sqlite3
import uuid
from contextlib import closing

import pytest

from benchmarks.faults.record import RESULTS, Record

JOB = uuid.uuid4().hex
COLUMNS = (
    "id, owner_id, kind, state, attempt, fence, progress, seq, worker, "
    "lease_until, error_code, error_detail, title"
)


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "lab.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE jobs_job ({COLUMNS}, created_at)")
        for table, column in RESULTS.items():
            connection.execute(f"CREATE TABLE {table} (job_id, {column})")
        connection.commit()
        record = Record(f"sqlite:///{path}")
        record.install()
        values = f"'{JOB}', 1, 'backtests.run', 'queued', 0, 0, 0.0, 0, '', NULL, '', '', 'Run'"
        connection.execute(f"INSERT INTO jobs_job ({COLUMNS}) VALUES ({values})")  # noqa: S608
        connection.execute(f"INSERT INTO backtests_backtestresult VALUES ('{JOB}', NULL)")  # noqa: S608
        connection.commit()
        yield record, connection
    assert path.exists()


def do(connection, statement):
    connection.execute(statement)
    connection.commit()


def test_every_change_of_a_job_is_written_down_and_a_heartbeat_is_not(database):
    record, connection = database
    do(connection, "UPDATE jobs_job SET state = 'running', fence = 1, attempt = 1, seq = 1, worker = 'h:1:2'")
    do(connection, "UPDATE jobs_job SET lease_until = 'later'")
    do(connection, "UPDATE jobs_job SET progress = 0.5, seq = 2")
    changes = record.changes()
    assert [(c.old, c.new, c.fence, c.progress, c.attempt) for c in changes] == [
        ("", "queued", 0, 0.0, 0),
        ("queued", "running", 1, 0.0, 1),
        ("running", "running", 1, 0.5, 1),
    ]
    assert {c.job for c in changes} == {JOB}
    assert record.running() == [(JOB, "h:1:2")]
    assert record.pools() == {1}


def test_a_result_is_written_down_when_it_is_written(database):
    record, connection = database
    do(connection, "UPDATE backtests_backtestresult SET duration_ms = 12.5")
    assert [(c.table, c.job) for c in record.changes()][1:] == [("backtests_backtestresult", JOB)]


def test_what_was_undone_is_not_written_down(database):
    record, connection = database
    connection.execute("UPDATE jobs_job SET state = 'running', fence = 1")
    connection.rollback()
    assert len(record.changes()) == 1

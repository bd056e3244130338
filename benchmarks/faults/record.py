"""What really happened to each job, written down by the database itself.

Triggers note every change of a job's row and the writing of every result, in the transaction that makes it. Nothing
of the product takes part in this, so a product that forgets or repeats something cannot hide it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

RESULTS = {
    "backtests_backtestresult": "duration_ms",
    "backtests_sweep": "columns_sha256",
    "mlmodels_mlmodel": "artifact_sha256",
    "marketdata_barimport": "content_sha256",
}
"""Tables of what jobs compute, and the column that is written with the result and never before."""

COLUMNS = (
    "id",
    "owner_id",
    "kind",
    "state",
    "attempt",
    "fence",
    "lease_until",
    "error_code",
    "error_detail",
    "title",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a job's row, or one result written (`table` is not the jobs')."""

    number: int
    at: float
    transaction: int
    table: str
    job: str
    owner: int
    kind: str
    old: str
    new: str
    old_fence: int
    fence: int
    old_progress: float
    progress: float
    old_seq: int
    seq: int
    worker: str
    old_attempt: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Row:
    """A job as it stands in the end."""

    id: str
    owner: int
    kind: str
    state: str
    attempt: int
    fence: int
    leased: bool
    error_code: str
    error_detail: str
    title: str


_TABLE = """CREATE TABLE chaos_changes (number {serial}, at {real} NOT NULL, tx bigint NOT NULL, tab text NOT NULL,
job text, owner bigint, kind text, old text, new text, old_fence int, fence int, old_progress {real}, progress {real},
old_seq int, seq int, worker text, old_attempt int, attempt int)"""
_NAMES = (
    "(at, tx, tab, job, owner, kind, old, new, old_fence, fence, old_progress, progress, old_seq, seq, worker,"
    " old_attempt, attempt)"
)
_MOVED = (
    "OLD.state IS DISTINCT FROM NEW.state OR OLD.fence <> NEW.fence OR OLD.seq <> NEW.seq"
    " OR OLD.progress <> NEW.progress OR OLD.attempt <> NEW.attempt"
)
_NEW = "NEW.owner_id, NEW.kind"
_PAIRS = (
    "{o}state, NEW.state, {o}fence, NEW.fence, {o}progress, NEW.progress, {o}seq, NEW.seq, NEW.worker,"
    " {o}attempt, NEW.attempt"
)


class Record:
    """Reads one lab's database: its log of changes, its jobs, its count of trials."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._file = (
            Path(database_url.removeprefix("sqlite:///")) if database_url.startswith("sqlite") else None
        )

    def install(self) -> None:
        """Begin to write down; once, after the migrations."""
        statements = _sqlite_statements() if self._file else _postgres_statements()
        with self._connection() as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def changes(self) -> list[Change]:
        rows = self.ask(
            "SELECT number, at, tx, tab, job, owner, kind, old, new, old_fence, fence, old_progress, progress,"
            " old_seq, seq, worker, old_attempt, attempt FROM chaos_changes ORDER BY number"
        )
        return [Change(*row[:4], plain(row[4]), *row[5:]) for row in rows]

    def jobs(self) -> list[Row]:
        rows = self.ask(f"SELECT {', '.join(COLUMNS)} FROM jobs_job")  # noqa: S608  our own words
        return [
            Row(plain(r[0]), r[1], r[2], r[3], r[4], r[5], r[6] is not None, r[7], r[8], r[9]) for r in rows
        ]

    def running(self) -> list[tuple[str, str]]:
        """Id and worker (`host:pool:child`) of each running job."""
        found = self.ask("SELECT id, worker FROM jobs_job WHERE state = 'running' ORDER BY created_at")
        return [(plain(row[0]), row[1]) for row in found]

    def pools(self) -> set[int]:
        """The processes of all pools that have taken a job."""
        taken = "SELECT DISTINCT worker FROM chaos_changes WHERE old = 'queued' AND new = 'running'"
        return {int(worker.split(":")[1]) for (worker,) in self.ask(taken) if worker.count(":") == 2}

    def trials(self) -> int:
        """How many runs the ledger of trials has counted."""
        found = self.ask("SELECT coalesce(sum(count), 0) FROM backtests_trialcount WHERE source = 'run'")
        return int(found[0][0])

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return list(connection.execute(query).fetchall())

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if self._file:
            with closing(sqlite3.connect(self._file, timeout=10)) as connection:
                yield connection
        else:
            with psycopg.connect(self._url, connect_timeout=3) as connection:
                yield connection


def plain(job: Any) -> str:
    """The id of a job, however a database or an address writes it."""
    return str(job).replace("-", "") if job is not None else ""


def _postgres_statements() -> list[str]:
    made = [_TABLE.format(serial="bigserial PRIMARY KEY", real="double precision")]
    now = "extract(epoch FROM clock_timestamp()), txid_current()"
    for event, old, when in (("INSERT", "", ""), ("UPDATE", "OLD.", f"WHEN ({_MOVED})")):
        values = _PAIRS.format(o=old) if old else _of_a_new_one()
        body = (
            f"INSERT INTO chaos_changes {_NAMES} VALUES ({now}, 'jobs_job', NEW.id::text, {_NEW}, {values})"  # noqa: S608
        )
        made += _postgres_trigger(f"chaos_job_{event.lower()}", "jobs_job", event, when, body)
    for table, column in RESULTS.items():
        body = f"INSERT INTO chaos_changes (at, tx, tab, job) VALUES ({now}, '{table}', NEW.job_id::text)"  # noqa: S608
        when = f"WHEN (OLD.{column} IS DISTINCT FROM NEW.{column})"
        made += _postgres_trigger(f"chaos_{table}", table, "UPDATE", when, body)
    return made


def _postgres_trigger(name: str, table: str, event: str, when: str, body: str) -> list[str]:
    function = (
        f"CREATE FUNCTION {name}() RETURNS trigger AS $$BEGIN {body}; RETURN NULL; END$$ LANGUAGE plpgsql"
    )
    trigger = f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION {name}()"
    return [function, trigger]


def _sqlite_statements() -> list[str]:
    made = [_TABLE.format(serial="INTEGER PRIMARY KEY AUTOINCREMENT", real="REAL")]
    now = "(julianday('now') - 2440587.5) * 86400.0, 0"
    for event, old, when in (("INSERT", "", ""), ("UPDATE", "OLD.", f"WHEN {_MOVED}")):
        values = _PAIRS.format(o=old) if old else _of_a_new_one()
        body = f"INSERT INTO chaos_changes {_NAMES} VALUES ({now}, 'jobs_job', NEW.id, {_NEW}, {values})"  # noqa: S608
        made.append(_sqlite_trigger(f"chaos_job_{event.lower()}", "jobs_job", event, when, body))
    for table, column in RESULTS.items():
        body = f"INSERT INTO chaos_changes (at, tx, tab, job) VALUES ({now}, '{table}', NEW.job_id)"  # noqa: S608
        when = f"WHEN OLD.{column} IS NOT NEW.{column}"
        made.append(_sqlite_trigger(f"chaos_{table}", table, "UPDATE", when, body))
    return [statement.replace("IS DISTINCT FROM", "IS NOT") for statement in made]


def _sqlite_trigger(name: str, table: str, event: str, when: str, body: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when} BEGIN {body}; END"


def _of_a_new_one() -> str:
    return "'', NEW.state, 0, NEW.fence, 0, NEW.progress, 0, NEW.seq, NEW.worker, 0, NEW.attempt"

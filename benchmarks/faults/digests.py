"""Fingerprints of results, as the API or the files have them: those under faults must equal those in peace."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from benchmarks.faults.rig import Rig
from benchmarks.faults.work import Accepted

HASHED = {
    "backtests.sweep": ("backtests_sweep", "columns_sha256"),
    "marketdata.import": ("marketdata_barimport", "content_sha256"),
}

READ = {
    "backtests.run": (
        ("trades/?page_size=200", "equity/"),
        ("parameters", "metrics", "bar_count", "snapshot_sha256", "count", "results"),
    ),
    "mlmodels.train": (
        ("predictions/", "importance/"),
        ("accuracy", "log_loss", "auc", "net_return", "verdict", "rows"),
    ),
}
"""What is read of the other results over the API: further addresses, and which keys count (none of them: all)."""


def digests(rig: Rig) -> dict[str, str]:
    """A fingerprint of the result of each job that succeeded."""
    found: dict[str, str] = {}
    hashed = {kind: _hashes(rig, *where) for kind, where in HASHED.items()}
    for row in rig.record.jobs():
        taken = rig.work.accepted.get(row.id)
        if row.state != "succeeded" or taken is None or taken.person == rig.crowd.name:
            continue
        if row.kind in hashed:
            found[row.id] = hashed[row.kind].get(row.id, "none")
        elif row.kind in READ:
            found[row.id] = _digest(rig, taken, *READ[row.kind])
    return found


def _hashes(rig: Rig, table: str, column: str) -> dict[str, str]:
    rows = rig.record.ask(f"SELECT job_id, {column} FROM {table}")  # noqa: S608  our own words
    return {str(job).replace("-", ""): value for job, value in rows if job is not None}


def _digest(rig: Rig, taken: Accepted, paths: Sequence[str], names: Sequence[str]) -> str:
    """Of what the API answers about a result, without ids, addresses and times."""
    person = next(one for one in rig.work.people.values() if one.name == taken.person)
    parts: list[Any] = []
    for path in ("", *paths):
        status, body = person.ask("GET", taken.url + path)
        if status != 200:
            return f"{path or 'result'} answers {status}"
        parts.append({name: body[name] for name in names if name in body} or body)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

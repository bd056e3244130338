"""Fingerprints of results, as the API or the files have them: those under faults must equal those in peace."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.faults.rig import Rig
from benchmarks.faults.work import Accepted

HASHED = {
    "backtests.sweep": ("backtests_sweep", "columns_sha256"),
    "marketdata.import": ("marketdata_barimport", "content_sha256"),
}

READ: dict[str, dict[str, tuple[str, ...]]] = {
    "backtests.run": {
        "": ("parameters", "metrics", "bar_count", "snapshot_sha256"),
        "trades/?page_size=200": ("count", "results"),
        "equity/": ("equity", "benchmark", "drawdown", "total"),
    },
    "mlmodels.train": {
        "": ("accuracy", "log_loss", "auc", "net_return", "verdict"),
        "predictions/": ("rows", "total"),
        "importance/": (),
    },
}
"""What is read of the other results over the API: addresses below the result's, and the keys that count (none: all)."""


def digests(rig: Rig) -> dict[str, str]:
    """A fingerprint of the result of each job that succeeded, or words for why it has none."""
    found: dict[str, str] = {}
    hashed = {kind: _hashes(rig, *where) for kind, where in HASHED.items()}
    for row in rig.record.jobs():
        taken = rig.work.accepted.get(row.id)
        if row.state != "succeeded" or taken is None or taken.person == rig.crowd.name:
            continue
        if row.kind in hashed:
            found[row.id] = hashed[row.kind].get(row.id, "none")
        elif row.kind in READ:
            found[row.id] = _digest(rig, taken, READ[row.kind])
    return found


def is_fingerprint(digest: str) -> bool:
    """Whether a result could be read at all: only then it may be what others are compared with."""
    return re.fullmatch("[0-9a-f]{64}", digest) is not None


def _hashes(rig: Rig, table: str, column: str) -> dict[str, str]:
    rows = rig.record.ask(f"SELECT job_id, {column} FROM {table}")  # noqa: S608  our own words
    return {str(job).replace("-", ""): value for job, value in rows if job is not None}


def _digest(rig: Rig, taken: Accepted, read: Mapping[str, Sequence[str]]) -> str:
    """Of what the API answers about a result, without ids, addresses and times."""
    person = next(one for one in rig.work.people.values() if one.name == taken.person)
    parts: list[Any] = []
    for path, names in read.items():
        status, body = person.ask("GET", taken.url + path)
        if status != 200:
            return f"{path or 'result'} answers {status}"
        if not body or any(name not in body for name in names):
            return f"{path or 'result'} lacks {', '.join(name for name in names if name not in (body or ()))}"
        parts.append({name: body[name] for name in names} if names else body)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

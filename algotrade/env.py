"""What the environment decides, read once. A value that cannot be used stops the start and says so."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file() and env.bool("READ_DOT_ENV", default=True):
    env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)


def secret_key() -> str:
    """The signing key: `SECRET_KEY`, or one made for this installation and kept in the data directory."""
    given = env.str("SECRET_KEY", default="")
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured("SECRET_KEY has fewer than 32 characters: give a long random one.")
        return given
    path = DATA_DIR / "secret_key"
    if not path.exists():
        # A link either appears whole or fails because another process was first; both then read the same key.
        draft = DATA_DIR / f".secret_key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(50))
        draft.chmod(0o600)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    key = path.read_text().strip()
    if len(key) < 32:
        raise ImproperlyConfigured(f"{path} holds no usable key: delete it, and a new one is made.")
    return key


def job_workers() -> int:
    """How many jobs run side by side in this process's pool."""
    count = env.int("JOB_WORKERS", default=max(2, (os.cpu_count() or 2) // 2))
    if not 1 <= count <= 64:
        raise ImproperlyConfigured(f"JOB_WORKERS is {count}: give a number from 1 to 64.")
    return count


Number = TypeVar("Number", int, float)


def within(name: str, number: Number, least: Number, most: Number) -> Number:
    """A setting that is a number, if it lies within its bounds."""
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} is {number}: give a number from {least} to {most}.")
    return number


def job_lease_seconds() -> float:
    """How long a job stays with a worker that does not report."""
    return within("JOB_LEASE_SECONDS", env.float("JOB_LEASE_SECONDS", default=30.0), 5.0, 3600.0)


def job_beat_seconds() -> float:
    """How often a job's process extends the lease and looks for a cancel: at least three times in a lease."""
    most = min(60.0, job_lease_seconds() / 3)
    return within("JOB_BEAT_SECONDS", env.float("JOB_BEAT_SECONDS", default=1.0), 0.1, most)


def job_sweep_seconds() -> float:
    """How often each pool mends what faults left behind."""
    return within("JOB_SWEEP_SECONDS", env.float("JOB_SWEEP_SECONDS", default=5.0), 0.5, 300.0)


def job_max_running_per_user() -> int:
    """How many jobs of one user run side by side; 0: as many as there are places."""
    return within("JOB_MAX_RUNNING_PER_USER", env.int("JOB_MAX_RUNNING_PER_USER", default=8), 0, 10_000)


def job_process_max_mb() -> int:
    """An idle job process larger than this makes room for a fresh one; 0: never."""
    return within("JOB_PROCESS_MAX_MB", env.int("JOB_PROCESS_MAX_MB", default=2048), 0, 1_000_000)


def sweep_max_cells() -> int:
    """How many combinations one sweep may try."""
    return within("SWEEP_MAX_CELLS", env.int("SWEEP_MAX_CELLS", default=1_000_000), 1, 20_000_000)


def sweep_threads() -> int:
    """On how many threads one sweep computes: two at most by default, because another job may run beside it."""
    return within("SWEEP_THREADS", env.int("SWEEP_THREADS", default=min(2, os.cpu_count() or 1)), 1, 64)


def database_pool() -> int:
    """How many connections to PostgreSQL a process keeps for its threads to share; 0: each opens its own, each time."""
    return within("DATABASE_POOL", env.int("DATABASE_POOL", default=0), 0, 200)


def metrics_token() -> str:
    """What Prometheus shows to read the figures; empty: only this machine may read them."""
    token = env.str("METRICS_TOKEN", default="")
    if token and len(token) < 16:
        raise ImproperlyConfigured(
            "METRICS_TOKEN has fewer than 16 characters: give a long random one, or none."
        )
    return token


def worker_metrics_port() -> int:
    """Where a worker serves its own figures; 0: nowhere."""
    return within("WORKER_METRICS_PORT", env.int("WORKER_METRICS_PORT", default=0), 0, 65535)

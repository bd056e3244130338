"""Keeping a provider's rate limit: one queue of moments for all processes of this machine.

The moments of the last requests lie in a small file for each provider, changed under a lock. Who wants to ask takes
the next free moment and waits for it. Where files cannot be locked each process keeps the limit by itself.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from marketdata.providers.base import RateLimit

FARTHEST_SECONDS = 600.0
"""Nobody takes a moment that is further away; one that is was taken before the clock was set back."""


class Limiter:
    """Gives moments at which a provider may be asked.

    Parameters
    ----------
    name : str
        Whose limit it is; limiters of one name share it.
    limit : RateLimit or None
        None gives every moment at once.
    folder : Path or None
        Where the shared files lie; by default see `shared_folder`.
    clock : callable
        Seconds since 1970.
    """

    _alone: dict[str, list[float]] = {}
    _lock = threading.Lock()

    def __init__(
        self,
        name: str,
        limit: RateLimit | None,
        *,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = re.sub(r"[^a-z0-9_-]", "_", name.lower())[:60]
        self.limit = limit
        self._folder = folder
        self._clock = clock

    def take(self, patience: float) -> float:
        """Take the next free moment and return the seconds until then.

        Nothing is taken when that is more than `patience` seconds away; the wait is returned all the same.
        """
        if self.limit is None:
            return 0.0
        with self._lock:
            try:
                with _locked(self._path()) as file:
                    moments = _read(file)
                    wait = self._next(moments, patience)
                    _write(file, moments)
                    return wait
            except OSError:
                return self._next(self._alone.setdefault(self.name, []), patience)

    def _next(self, moments: list[float], patience: float) -> float:
        """Append the moment that is taken to `moments`, which keeps as many as the limit counts."""
        assert self.limit is not None
        now = self._clock()
        # A clock that was set back would otherwise block everybody until it has caught up.
        moments[:] = [moment for moment in moments if moment <= now + FARTHEST_SECONDS]
        del moments[: -self.limit.requests]
        moment = now
        if len(moments) >= self.limit.requests:
            moment = max(now, moments[-self.limit.requests] + self.limit.seconds)
        if moments:
            moment = max(moment, moments[-1])
        if moment - now <= patience:
            moments.append(moment)
            del moments[: -self.limit.requests]
        return moment - now

    def _path(self) -> Path:
        folder = self._folder or shared_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            raise PermissionError("the folder belongs to somebody else")
        return folder / f"{self.name}.json"


def shared_folder() -> Path:
    """Where limiters keep their files: in `DATA_DIR` where that is set, else in a temporary folder of this user."""
    data = os.environ.get("DATA_DIR", "")
    if data:
        return Path(data) / "rates"
    try:
        owner = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        owner = str(os.getuid()) if hasattr(os, "getuid") else "lab"
    return Path(tempfile.gettempdir()) / f"algotrade-lab-{owner}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[IO[str]]:
    try:
        import fcntl
    except ImportError as error:  # Windows
        raise OSError("no locks") from error
    with path.open("a+") as file:  # closing gives the lock back, and so does the process's death
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _read(file: IO[str]) -> list[float]:
    file.seek(0)
    try:
        moments = json.loads(file.read() or "[]")
        return [float(moment) for moment in moments]
    except (ValueError, TypeError):  # cut short by a full disk
        return []


def _write(file: IO[str], moments: list[float]) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps(moments))
    file.flush()

"""A job's own process: warmed once, then one job after another, told by a pipe. Killed without harm to others."""

import itertools
import logging
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from algotrade.jobs import processes

logger = logging.getLogger(__name__)


MOST_JOBS = 1000
"""After so many a process makes room for a fresh one, whatever leaks in some library."""


def main(pipe: Connection, name: str, memory_limit_mb: int, reserved: bool) -> None:
    """Entry of a spawned process. Messages out: ready, claimed, event, meter, done. Messages in: run, stop.

    A `reserved` process takes no long job. "done" tells whether there was a job, and whether this process
    ends now because it is worn.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=processes.end_with_parent, args=(os.getppid(),), daemon=True).start()

    import django

    django.setup()

    from django.conf import settings

    from algotrade import meters
    from algotrade.jobs import checkpoints, events, warmth
    from algotrade.jobs.kinds import kinds

    processes.limit_memory(memory_limit_mb)
    processes.keep_freed_memory()
    send = sender(pipe)
    events.forward_to(lambda owner_id, message: send("event", owner_id, message))
    meters.forward_to(lambda name, amount, labels: send("meter", name, amount, labels))
    checkpoints.code_version()  # of the code that is loaded now, whatever becomes of the files
    for kind in kinds():
        if kind.preload and not (reserved and kind.long):
            kind.resolve()
    warmth.warm_up(warmth.common())
    send("ready")
    threading.Thread(target=warmth.warm_up, args=(warmth.rest(),), daemon=True).start()
    for number in itertools.count(1):
        try:
            order = pipe.recv()
        except EOFError:
            return
        if order == "stop":
            return
        found, fit = _run_next(f"{name}:{os.getpid()}", reserved, send)
        limit = settings.JOB_PROCESS_MAX_MB
        worn = not fit or number >= MOST_JOBS or 0 < limit < processes.resident_mb()
        send("done", found, worn)
        if worn:
            return


def sender(pipe: Connection) -> Callable[..., None]:
    """What sends a message to the pool, from any thread. A pool that was killed takes this process along at once.

    Its job must not fail for that: the lease ends, and another process takes it.
    """
    sending = threading.Lock()

    def send(*message: Any) -> None:
        try:
            with sending:
                pipe.send(message)
        except ConnectionError:
            os._exit(processes.PARENT_HAS_GONE)

    return send


def _run_next(worker: str, reserved: bool, send: Callable[..., None]) -> tuple[bool, bool]:
    """Whether there was a job, and whether this process is fit for another one. No error of the database ends it."""
    from django.db import Error, close_old_connections

    from algotrade.jobs.models import Job
    from algotrade.jobs.runner import run

    close_old_connections()  # the database may have restarted since the last job
    try:
        job = Job.objects.claim_next(worker, short_only=reserved)
        if job is None:
            return False, True
        send("claimed", str(job.pk), job.fence, job.request_id)
        return True, run(job)
    except Error as error:
        logger.warning("The database could not be reached for a job: %s", type(error).__name__)
        return False, True

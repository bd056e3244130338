"""A job's own process: warmed once, then one job after another, told by a pipe. Killed without harm to others."""

import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from algotrade.jobs import processes


def main(pipe: Connection, name: str, memory_limit_mb: int) -> None:
    """Entry of a spawned process. Messages out: ready, claimed, event, meter, done. Messages in: run, stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=processes.end_with_parent, args=(os.getppid(),), daemon=True).start()

    import django

    django.setup()

    from django.db import close_old_connections

    from algotrade import meters
    from algotrade.jobs import events, warmth
    from algotrade.jobs.kinds import kinds
    from algotrade.jobs.models import Job
    from algotrade.jobs.runner import run

    processes.limit_memory(memory_limit_mb)
    processes.keep_freed_memory()
    sending = threading.Lock()

    def send(*message: Any) -> None:
        with sending:
            pipe.send(message)

    events.forward_to(lambda owner_id, message: send("event", owner_id, message))
    meters.forward_to(lambda name, amount, labels: send("meter", name, amount, labels))
    for kind in kinds():
        if kind.preload:
            kind.resolve()
    warmth.warm_up(warmth.common())
    send("ready")
    threading.Thread(target=warmth.warm_up, args=(warmth.rest(),), daemon=True).start()
    while True:
        try:
            order = pipe.recv()
        except EOFError:
            return
        if order == "stop":
            return
        close_old_connections()  # the database may have restarted since the last job
        job = Job.objects.claim_next(f"{name}:{os.getpid()}")
        if job is not None:
            send("claimed", str(job.pk), job.fence, job.request_id)
            run(job)
        send("done", job is not None)

"""The Celery tasks: thin, and without arguments, because the database is the queue."""

from celery import shared_task

from algotrade.jobs import services, worker


@shared_task(name="jobs.run_next")
def run_next() -> None:
    """Have this worker's pool take the next waiting job. Delivered twice, it finds nothing the second time."""
    worker.nudge()


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Mend what faults left behind; see `services.sweep`."""
    services.sweep()


@shared_task(name="jobs.discard_left_behind")
def discard_left_behind() -> None:
    """Remove what jobs kept that have ended; see `services.discard_left_behind`."""
    services.discard_left_behind()

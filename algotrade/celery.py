"""The Celery application: workers that several machines can run. Messages are nudges; the database is the queue."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "algotrade.settings")

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutdown

app = Celery("algotrade")
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["algotrade.jobs"])
app.autodiscover_tasks(["marketdata"], related_name="periodic")


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """A connected receiver stops Celery from replacing the handlers that Django set up."""


@worker_init.connect
def start_pool(**kwargs: Any) -> None:
    from algotrade.jobs import worker
    from algotrade.observing import door

    worker.start()
    door.open_worker_door()


@worker_shutdown.connect
def stop_pool(**kwargs: Any) -> None:
    from algotrade.jobs import worker

    worker.stop()

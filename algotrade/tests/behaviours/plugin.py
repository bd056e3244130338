"""Kinds of job that behave, and that misbehave, and a door to submit them. Loaded by `LAB_PLUGINS` in tests only.

Each start of a job appends a line to a file of the job's own, so that a test can count how often it was begun.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from django.core.signals import request_started
from django.dispatch import receiver
from django.urls import clear_url_caches, path

from algotrade.env import DATA_DIR
from algotrade.errors import InvalidInput
from algotrade.jobs import dispatch, kinds, services, warmth
from algotrade.jobs.context import JobContext
from algotrade.jobs.kinds import JobKind
from algotrade.jobs.models import Job
from algotrade.tests.behaviours.starts import DEADLINE_SECONDS, folder_of

BLOCK = 128 * 2**20

Store = Callable[[], None]


class ToldToFail(InvalidInput):
    code = "invalid"


def _begin(context: JobContext) -> None:
    starts = folder_of(DATA_DIR)
    starts.mkdir(exist_ok=True)
    with (starts / context.job_id).open("a") as lines:
        lines.write(f"{os.getpid()}\n")


def _mark(context: JobContext) -> Store:
    """Adding one to what the payload holds: a result that was stored twice would show."""

    def store() -> None:
        stored = context.payload.get("stored", 0) + 1
        Job.objects.filter(pk=context.job_id).update(payload={**context.payload, "stored": stored})

    return store


def steps(context: JobContext) -> Store:
    """Obedient: tells how far it is twenty times a second, and with it in which process."""
    _begin(context)
    seconds = float(context.payload.get("seconds", 1.0))
    begun = time.monotonic()
    while (gone := time.monotonic() - begun) < seconds:
        context.progress(gone / seconds, f"process {os.getpid()}")
        time.sleep(0.05)
    return _mark(context)


def stubborn(context: JobContext) -> Store:
    """Tells its process, and looks at nothing any more."""
    _begin(context)
    context.progress(0.1, f"process {os.getpid()}")
    time.sleep(60)
    return _mark(context)


def refuse(context: JobContext) -> Store:
    """Fails until somebody has put things right."""
    _begin(context)
    if not (folder_of(DATA_DIR) / "mended").exists():
        raise ToldToFail("The series has 3 bars and 30 are needed: choose a longer period.")
    return _mark(context)


def bomb(context: JobContext) -> Store:
    """Takes memory until there is none."""
    _begin(context)
    taken = []
    while True:
        taken.append(np.empty(BLOCK, dtype=np.uint8))  # untouched: the limit is on addresses


def crash(context: JobContext) -> Store:
    """The process is gone in the middle of its work, as under kill -9."""
    _begin(context)
    os._exit(9)


def loop(context: JobContext) -> Store:
    """Never ends, and has a deadline of its own."""
    _begin(context)
    while True:
        pass


for _handler in (steps, stubborn, refuse, bomb, crash, loop):
    kinds.register_kind(
        JobKind(
            name=f"test.{_handler.__name__}",
            label=_handler.__name__,
            handler=f"{__name__}.{_handler.__name__}",
            time_limit=DEADLINE_SECONDS if _handler is loop else 120,
        )
    )


def _start_at_once() -> None:
    """These tests are about the life of jobs: a process that died is replaced without loading what computes."""
    for name, kind in list(kinds._kinds.items()):
        if not name.startswith("test."):
            kinds._kinds[name] = replace(kind, preload=False)
    warmth._paths.clear()
    warmth._later.clear()


_loaded_kinds = kinds.kinds


def _light_kinds() -> tuple[JobKind, ...]:
    _start_at_once()
    return _loaded_kinds()


kinds.kinds = _light_kinds


@contextlib.contextmanager
def _nudges(wanted: int) -> Iterator[None]:
    """For a moment, each nudge of this process comes so many times, or, with 0, not at all."""
    nudge = dispatch.nudge
    dispatch.nudge = lambda: [nudge() for _ in range(wanted)]
    try:
        yield
    finally:
        dispatch.nudge = nudge


@receiver(request_started)
def open_door(**_given: Any) -> None:
    """A route that submits a job of any kind: added with the first request, when all apps are ready."""
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from algotrade import urls

    request_started.disconnect(open_door)

    class Door(APIView):
        def post(self, request: Request) -> Response:
            asked = request.data
            with _nudges(int(asked.get("nudges", 1))):
                job = services.submit(
                    kind=f"test.{asked['kind']}",
                    owner=request.user,
                    title=asked["kind"],
                    payload=asked.get("payload", {}),
                )
            return Response({"id": str(job.pk)}, status=202)

    urls.urlpatterns.insert(0, path("api/test-jobs/", Door.as_view()))
    clear_url_caches()

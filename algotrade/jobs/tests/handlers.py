"""Handlers for the tests of jobs. Named in LAB_PLUGINS by tests that start real job processes."""

import errno
import os
import time
from collections.abc import Callable

from django.db import OperationalError

from algotrade.errors import InvalidInput
from algotrade.jobs.context import JobContext
from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from algotrade.jobs.warmth import register_warm_up


class TooFewBars(InvalidInput):
    code = "too_few_bars"


def succeed(context: JobContext) -> Callable[[], None]:
    """Counts to ten, and stores a mark on the job's own row."""
    for step in range(10):
        context.progress(step / 10, f"step {step}")

    def store() -> None:
        Job.objects.filter(pk=context.job_id).update(payload={"stored": True})

    return store


def refuse(context: JobContext) -> Callable[[], None]:
    raise TooFewBars("The series has 3 bars; the strategy needs 30. Choose a longer period.")


def crash(context: JobContext) -> Callable[[], None]:
    raise ZeroDivisionError("secret detail")


def store_badly(context: JobContext) -> Callable[[], None]:
    def store() -> None:
        Job.objects.filter(pk=context.job_id).update(payload={"half": True})
        raise ZeroDivisionError

    return store


def exhaust(context: JobContext) -> Callable[[], None]:
    raise MemoryError


def lose_the_database(context: JobContext) -> Callable[[], None]:
    raise OperationalError("server closed the connection unexpectedly")


def take_hours(context: JobContext) -> Callable[[], None]:
    """Of a long kind."""
    return wait(context)


def fill_the_disk(context: JobContext) -> Callable[[], None]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def wait(context: JobContext) -> Callable[[], None]:
    """Cooperative: looks for a cancel twenty times a second."""
    until = time.monotonic() + context.payload.get("seconds", 30)
    while time.monotonic() < until:
        context.progress(0.5, "waiting")
        time.sleep(0.05)
    return lambda: None


def stubborn(context: JobContext) -> Callable[[], None]:
    """Never looks whether it should stop."""
    time.sleep(60)
    return lambda: None


def die(context: JobContext) -> Callable[[], None]:
    """The process vanishes, as under kill -9; the second attempt succeeds."""
    if Job.objects.get(pk=context.job_id).attempt < context.payload.get("deaths", 99) + 1:
        os._exit(9)
    return lambda: None


def linger() -> None:
    """A warm-up for later that takes as long as a test says."""
    time.sleep(float(os.environ.get("LAB_TEST_LINGER_SECONDS", "0")))


register_warm_up(f"{__name__}.linger", later=True)


seen_states: list[tuple[str, str]] = []


def _remember(job: Job) -> None:
    seen_states.append((str(job.pk), job.state))


def inside_a_library(context: JobContext) -> Callable[[], None]:
    """One call that comes back in a minute; its kind wants to be stopped sooner than others."""
    time.sleep(60)
    return lambda: None


def inside_a_slow_library(context: JobContext) -> Callable[[], None]:
    """The same; its kind is given longer than others."""
    return inside_a_library(context)


GRACES = {"inside_a_library": 0.25, "inside_a_slow_library": 4.0}


HANDLERS = (
    succeed,
    refuse,
    crash,
    store_badly,
    exhaust,
    fill_the_disk,
    wait,
    stubborn,
    inside_a_library,
    inside_a_slow_library,
    die,
    lose_the_database,
    take_hours,
)
for _handler in HANDLERS:
    register_kind(
        JobKind(
            name=f"test.{_handler.__name__}",
            label=_handler.__name__,
            handler=f"algotrade.jobs.tests.handlers.{_handler.__name__}",
            on_state=_remember,
            time_limit=5 if _handler is stubborn else 60,
            long=_handler is take_hours,
            cancel_grace=GRACES.get(_handler.__name__, 2.0),
        )
    )

"""The schedule in embedded operation: the rows that beat would read, run in threads of the one web process.

One thread looks when the next row is due and sleeps until then, half a minute at most, so that a change in the admin
is seen. It asks the database two or three questions each time and keeps no connection open. A due row is taken by an
UPDATE that names the last run which was seen, so that even a second process by mistake would not run it twice.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import current_app
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0
SHORTEST_PAUSE = 0.2
PAUSE_AFTER_ERROR = 10.0
STOP_GRACE_SECONDS = 2.0
DONE_ELSEWHERE = ("jobs.sweep",)
"""What the job pool of the same process does already."""


class LocalClock:
    """Runs the periodic tasks of this lab in this process, each in a thread of its own while it lasts.

    Parameters
    ----------
    now : callable
        The present moment, aware; for tests.
    """

    def __init__(self, *, now: Callable[[], datetime] = timezone.now) -> None:
        self._now = now
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="clock", daemon=True)
        self._running: dict[str, threading.Thread] = {}
        self._unknown: set[str] = set()
        self._unusable: set[str] = set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Start nothing any more; a task that runs gets a moment to end, and its transaction is undone otherwise."""
        self._stopping.set()
        until = time.monotonic() + STOP_GRACE_SECONDS
        for thread in (self._thread, *self._running.values()):
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(timeout=max(0.0, until - time.monotonic()))

    def wait_for_tasks(self, timeout: float = 10.0) -> None:
        """Wait until nothing runs."""
        for thread in list(self._running.values()):
            thread.join(timeout=timeout)

    def tick(self) -> float:
        """Start what is due; return the seconds until something may be due again."""
        from django_celery_beat.models import PeriodicTask

        pause = LONGEST_PAUSE
        rows = PeriodicTask.objects.enabled().exclude(task__in=DONE_ELSEWHERE)
        for row in rows.select_related("interval", "crontab", "solar", "clocked"):
            pause = min(pause, self._guarded_look_at(row))
        return max(pause, SHORTEST_PAUSE)

    # -- The watching thread ----------------------------------------------------------------------------------

    def _watch(self) -> None:
        current_app.loader.import_default_modules()
        while not self._stopping.is_set():
            pause = self._guarded_tick()
            self._stopping.wait(pause)

    def _guarded_tick(self) -> float:
        """A tick that survives whatever the database does."""
        try:
            return self.tick()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The clock cannot reach the database: %s", type(error).__name__)
        except Exception:
            logger.exception("The clock met an error and goes on")
        finally:
            connection.close()
        return PAUSE_AFTER_ERROR

    def _guarded_look_at(self, row: Any) -> float:
        """A look at a row that others do not suffer from; what is wrong with it is said once, until it is right."""
        try:
            pause = self._look_at(row)
        except (DatabaseError, InterfaceError):
            raise  # no fault of the row
        except Exception:
            if row.name not in self._unusable:
                self._unusable.add(row.name)
                logger.exception("The periodic task %s cannot be scheduled; the others go on", row.name)
            return LONGEST_PAUSE
        self._unusable.discard(row.name)
        return pause

    def _look_at(self, row: Any) -> float:
        """Start a row's task if it is due; return the seconds until it may be."""
        now = self._now()
        if row.start_time is not None and now < row.start_time:
            return float((row.start_time - now).total_seconds())
        if row.expires is not None and now >= row.expires:
            return LONGEST_PAUSE
        schedule = row.schedule
        schedule.nowfun = self._now
        # A new row waits for its first full period, as with beat.
        is_due, pause = schedule.is_due(row.last_run_at or row.date_changed)
        if is_due and self._is_running(row.name):
            return SHORTEST_PAUSE * 5
        if is_due and self._take(row, now):
            self._begin(row)
        return LONGEST_PAUSE if pause is None else float(pause)

    def _is_running(self, name: str) -> bool:
        thread = self._running.get(name)
        return thread is not None and thread.is_alive()

    def _take(self, row: Any, now: datetime) -> bool:
        """Note the run in the row. False when another process was first, or the row was switched off just now."""
        rows = type(row).objects.filter(pk=row.pk, enabled=True, last_run_at=row.last_run_at)
        changes: dict[str, Any] = {"last_run_at": now, "total_run_count": row.total_run_count + 1}
        if row.one_off:
            changes["enabled"] = False
        return bool(rows.update(**changes))

    def _begin(self, row: Any) -> None:
        task = current_app.tasks.get(row.task)
        if task is None:
            if row.task not in self._unknown:
                self._unknown.add(row.task)
                logger.error("The periodic task %s names %s, which does not exist", row.name, row.task)
            return
        thread = threading.Thread(target=_run, args=(row.name, task, row.args, row.kwargs), daemon=True)
        thread.name = f"clock {row.name}"
        self._running[row.name] = thread
        thread.start()


def _run(name: str, task: Any, args: str, kwargs: str) -> None:
    """The task's own function, in this thread; what goes wrong is logged, and the next time it is tried again."""
    started = time.perf_counter()
    try:
        task.run(*json.loads(args or "[]"), **json.loads(kwargs or "{}"))
        logger.debug("%s took %.2f s", name, time.perf_counter() - started)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("%s could not reach the database: %s", name, type(error).__name__)
    except Exception:
        logger.exception("%s failed", name)
    finally:
        connection.close()

"""One warm child process that answers short questions at once, where a job would be too slow to start.

The web process loads no numerical library; the child has them loaded, compiled and warm, and is asked over a pipe. One
question is computed at a time, in the order they came. One asker has at most one question waiting: a newer one ends it
and waits behind all others. A question over its time costs the child its life, and the next one finds another child.
"""

import atexit
import contextlib
import logging
import multiprocessing
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from algotrade.jobs import processes, responding

logger = logging.getLogger(__name__)

START_SECONDS = 20.0
TURN_SECONDS = 10.0
MOST_WAITING = 64
RESPAWN_PAUSE_SECONDS = 2.0


class NoAnswer(Exception):
    """A question stayed without an answer; the subclasses say why."""


class Replaced(NoAnswer):
    """The same asker has asked something newer, which waits at the end of the queue."""


class TookTooLong(NoAnswer):
    """It was stopped at its time limit."""


class NotReady(NoAnswer):
    """The child is still starting, or too many others are waiting: worth asking again in a moment."""


class Failed(NoAnswer):
    """The child met an error, or died over the question."""


class Refused(NoAnswer):
    """The question was answered by an error that was raised on purpose."""

    def __init__(self, code: str, detail: str, fields: dict[str, list[str]]) -> None:
        super().__init__(detail)
        self.code, self.detail, self.fields = code, detail, fields


@dataclass(eq=False)
class _Ticket:
    """A place in the queue."""

    asker: Any
    replaced: bool = False


class Responder:
    """The child, and the queue before it. Safe from any thread.

    `answer` and `warm_up` are dotted paths, imported in the child only; `seconds` is the longest time for one answer.
    """

    def __init__(self, answer: str, *, warm_up: str = "", seconds: float, memory_limit_mb: int) -> None:
        self.seconds = seconds
        self._entry = (answer, warm_up, memory_limit_mb)
        self._turn = threading.Condition()
        self._queue: list[_Ticket] = []
        self._busy = False
        self._process: Any = None
        self._pipe: Connection | None = None
        self._ready = self._stopped = False
        self._respawn_at = 0.0
        atexit.register(self.stop)

    @property
    def pid(self) -> int | None:
        """The child's number, None while there is none."""
        process = self._process
        return process.pid if process is not None and process.is_alive() else None

    def warm(self) -> None:
        """Start the child unless it lives, without waiting for it."""
        with self._turn:
            if not self._busy and not self._stopped:
                self._ensure_child()

    def ask(self, question: Any, *, asker: Any) -> Any:
        """The answer to a question that pickles. Raises a `NoAnswer`."""
        self._take_turn(asker)
        try:
            return self._exchange(question)
        finally:
            with self._turn:
                self._busy = False
                self._turn.notify_all()

    def stop(self) -> None:
        """End the child; nothing is asked any more."""
        self._stopped = True
        self._end_child()

    # -- The queue ---------------------------------------------------------------------------------------------

    def _take_turn(self, asker: Any) -> None:
        ticket = _Ticket(asker)
        until = time.monotonic() + TURN_SECONDS
        with self._turn:
            for older in [other for other in self._queue if other.asker == asker]:
                older.replaced = True
                self._queue.remove(older)
                self._turn.notify_all()
            if len(self._queue) >= MOST_WAITING:
                raise NotReady
            self._queue.append(ticket)
            while self._busy or self._queue[0] is not ticket:
                left = until - time.monotonic()
                if ticket.replaced:
                    raise Replaced
                if left <= 0:
                    self._queue.remove(ticket)
                    self._turn.notify_all()
                    raise NotReady
                self._turn.wait(left)
                if ticket.replaced:
                    raise Replaced
            self._queue.pop(0)
            self._busy = True

    # -- The child ---------------------------------------------------------------------------------------------

    def _exchange(self, question: Any) -> Any:
        self._await_ready()
        pipe = self._pipe
        if pipe is None:
            raise Failed
        try:
            pipe.send(question)
            if not pipe.poll(self.seconds):
                logger.warning("A question took more than %.1f s; its process is replaced", self.seconds)
                self._end_child()
                self._ensure_child()
                raise TookTooLong
            kind, *values = pipe.recv()
        except (EOFError, OSError) as error:
            logger.error("The process that answers questions has died: %s", type(error).__name__)
            self._end_child()
            self._ensure_child()
            raise Failed from error
        if kind == "refused":
            raise Refused(*values)
        if kind == "failed":
            raise Failed
        return values[0]

    def _await_ready(self) -> None:
        self._ensure_child()
        if self._ready:
            return
        pipe = self._pipe
        if pipe is None:
            raise NotReady
        try:
            if not pipe.poll(START_SECONDS):
                raise NotReady
            pipe.recv()
        except (EOFError, OSError) as error:
            # One that cannot even start would otherwise be replaced in a tight loop.
            logger.error("The process that answers questions ended while it started")
            self._end_child()
            self._respawn_at = time.monotonic() + RESPAWN_PAUSE_SECONDS
            raise NotReady from error
        self._ready = True

    def _ensure_child(self) -> None:
        """Only with the turn, or while nobody has it."""
        if self._process is not None and not self._process.is_alive():
            self._end_child()
        if self._process is not None or self._stopped or time.monotonic() < self._respawn_at:
            return
        processes.compute_in_one_thread()
        try:
            self._process, self._pipe = self._started()
        except OSError as error:
            # The machine is short of memory, processes or open files: the next question tries again.
            logger.error("The process that answers questions cannot be started: %s", type(error).__name__)
            self._respawn_at = time.monotonic() + RESPAWN_PAUSE_SECONDS

    def _started(self) -> tuple[Any, Connection]:
        """A new child, and our end of the pipe to it. Raises `OSError`; nothing is left open then."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=responding.main, args=(theirs, *self._entry), name="responder", daemon=True
        )
        try:
            process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return process, ours

    def _end_child(self) -> None:
        process, pipe = self._process, self._pipe
        self._process, self._pipe, self._ready = None, None, False
        if process is not None:
            process.kill()
            process.join()
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()

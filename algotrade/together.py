"""Questions of many sockets to the database, asked together.

Each open socket asks every few seconds. One by one, the questions of some hundred sockets would fill the thread that
asks, take turns with the server's loop for as long, and each open a connection of its own.
"""

import asyncio
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from channels.db import database_sync_to_async

WINDOW_SECONDS = 0.25

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Collects the questions of a moment and has them answered by one call, in a thread, on one connection.

    `answer` is given each different question once, and must answer all of them. What it raises reaches everybody whose
    question was among them. One call is under way at a time: while a database lets one wait, those who ask meanwhile
    wait for the next one together, so that no queue of calls is left when it is back.
    """

    def __init__(self, answer: Callable[[Sequence[Question]], Mapping[Question, Answer]]) -> None:
        self._answer = answer
        self._rounds: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Round[Question, Answer]] = (
            weakref.WeakKeyDictionary()
        )

    async def ask(self, question: Question) -> Answer:
        """The answer, a moment later."""
        loop = asyncio.get_running_loop()
        round_ = self._rounds.setdefault(loop, _Round())
        future = round_.waiting.setdefault(question, loop.create_future())
        if round_.asking is None:
            round_.asking = loop.create_task(self._ask_all(round_))
        return await asyncio.shield(future)  # whoever goes takes nobody's answer along

    async def _ask_all(self, round_: "_Round[Question, Answer]") -> None:
        try:
            while round_.waiting:
                await asyncio.sleep(WINDOW_SECONDS)
                waiting, round_.waiting = round_.waiting, {}
                await self._ask(waiting)
        finally:
            round_.asking = None

    async def _ask(self, waiting: "dict[Question, asyncio.Future[Answer]]") -> None:
        try:
            answers = await database_sync_to_async(self._answer)(list(waiting))
            told = [(future, answers[question]) for question, future in waiting.items()]
        except Exception as error:
            for future in waiting.values():
                future.set_exception(error)
                future.exception()  # asked for here, since all who asked may have gone
            return
        for future, answer in told:
            future.set_result(answer)


@dataclass
class _Round(Generic[Question, Answer]):
    """Who waits for the next call on one loop, and the task that makes the calls."""

    waiting: dict[Question, asyncio.Future[Answer]] = field(default_factory=dict)
    asking: asyncio.Task[None] | None = None

"""Live sockets as a page keeps them: opened again when they are lost, and never told anything over HTTP."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from algotrade.tests.e2e.sockets import CLOSE, PING, TERMINAL, TEXT, Frames, open_deaf, opening, pong
from benchmarks.faults.record import plain

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
HANDSHAKE_SECONDS = 10.0


@dataclass
class Seen:
    """What the sockets that follow a job have shown."""

    seq: int = -1
    told: int = 0
    state: str = ""
    progress: float = 0.0
    ended_at: float | None = None
    problems: list[str] = field(default_factory=list)

    def show(self, message: dict[str, Any]) -> None:
        """Take a message as the page does: what is older than what it shows is dropped."""
        if message["seq"] < self.seq:
            return
        newer = message["seq"] > self.seq
        self.told += newer
        if newer and self.state in TERMINAL and message["state"] != self.state:
            self.problems.append(f"{self.state} became {message['state']}")
        if newer and message["progress"] < self.progress - 1e-9:
            self.problems.append(f"progress fell from {self.progress} to {message['progress']}")
        self.seq, self.state = message["seq"], message["state"]
        self.progress = max(self.progress, message["progress"])
        if self.state in TERMINAL and self.ended_at is None:
            self.ended_at = time.time()


class Sockets:
    """All sockets of a lab in one thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.of_job: dict[str, Seen] = {}
        self.of_user: dict[str, Seen] = {}
        self.opened = 0
        self._stopping = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sockets", daemon=True)
        self._thread.start()
        self._deaf: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()  # a loop itself holds its tasks by weak references only

    def follow_user(self, cookie: str) -> None:
        """Keep the room of all jobs of a user open."""
        self._begin(self._keep("/ws/jobs/", cookie, None))

    def follow_job(self, job: str, cookie: str) -> None:
        """Keep the room of one job open until its end was seen."""
        self.of_job[plain(job)] = Seen()
        self._begin(self._keep(f"/ws/jobs/{job}/", cookie, plain(job)))

    def open_deaf(self, cookie: str, count: int) -> int:
        """Open sockets that never read a byte; how many of them the lab let in."""
        for _socket in range(count):
            with contextlib.suppress(OSError):
                self._deaf.append(open_deaf(self._port, "/ws/jobs/", cookie, seconds=HANDSHAKE_SECONDS))
        return len(self._deaf)

    def close_deaf(self) -> None:
        while self._deaf:
            self._deaf.pop().close()

    def unseen(self) -> list[str]:
        """Jobs whose end no socket of theirs has shown."""
        return [job for job, seen in self.of_job.items() if seen.ended_at is None]

    def stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        self.close_deaf()
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.call_soon_threadsafe(lambda: self._tasks.add(self._loop.create_task(work)))

    async def _keep(self, path: str, cookie: str, job: str | None) -> None:
        pause = FIRST_PAUSE
        while not self._stopping and not (job and self.of_job[job].ended_at):
            began = time.monotonic()
            with contextlib.suppress(OSError, EOFError, asyncio.TimeoutError, ValueError):
                await self._listen(path, cookie, job)
            pause = FIRST_PAUSE if time.monotonic() - began > 1.0 else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _listen(self, path: str, cookie: str, job: str | None) -> None:
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", self._port), HANDSHAKE_SECONDS
        )
        try:
            writer.write(opening(self._port, path, cookie))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HANDSHAKE_SECONDS)
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                return
            self.opened += 1
            frames = Frames()
            while block := await reader.read(65536):
                for opcode, payload in frames.of(block):
                    if opcode == CLOSE:
                        return
                    if opcode == PING:
                        writer.write(pong(payload))
                    elif opcode == TEXT:
                        self._show(json.loads(payload), job)
                if job and self.of_job[job].ended_at:
                    return
        finally:
            writer.close()

    def _show(self, message: dict[str, Any], room: str | None) -> None:
        if message.get("type") == "job":
            seen = self.of_job[room] if room else self.of_user.setdefault(plain(message["id"]), Seen())
            seen.show(message)

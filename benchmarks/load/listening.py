"""Many WebSockets in one process, each of which reads what its room says."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from algotrade.tests.e2e.sockets import CLOSE, PING, TERMINAL, TEXT, Frames, opening, pong

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


class Line:
    """One open WebSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int, path: str, cookie: str) -> "Line":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(opening(port, path, cookie))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        if b" 101 " not in answer.split(b"\r\n")[0]:
            writer.close()
            raise ConnectionError(answer.split(b"\r\n")[0].decode())
        return cls(reader, writer)

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Each message until the line ends; pings are answered as a browser does."""
        frames = Frames()
        while block := await self._next_block():
            for opcode, payload in frames.of(block):
                if opcode == CLOSE:
                    return
                if opcode == PING:
                    self._writer.write(pong(payload))
                elif opcode == TEXT:
                    yield json.loads(payload)

    async def _next_block(self) -> bytes:
        try:
            return await self._reader.read(65536)
        except ConnectionError:
            return b""

    def close(self) -> None:
        self._writer.close()


class Listener:
    """Somebody who follows one job: opens its room, again when it is lost, as the browser's script does."""

    def __init__(self, port: int, job: str, cookie: str) -> None:
        self.port, self.path, self.cookie = port, f"/ws/jobs/{job}/", cookie
        self.line: Line | None = None
        self.ended_as = ""
        self.opened: list[float] = []
        self.snapshots: list[float] = []
        self.lost: list[float] = []

    async def open(self) -> None:
        self.line = await Line.open(self.port, self.path, self.cookie)
        self.opened.append(time.monotonic())

    async def listen(self, heard: Callable[[dict[str, Any]], None]) -> None:
        """Until the line ends."""
        fresh = True
        assert self.line is not None
        async for message in self.line.messages():
            if fresh:
                self.snapshots.append(time.monotonic())
                fresh = False
            heard(message)
            if message["state"] in TERMINAL:
                self.ended_as = message["state"]

    async def follow(self, heard: Callable[[dict[str, Any]], None]) -> None:
        """Until the job has ended, over as many lines as it takes."""
        pause = FIRST_PAUSE
        while not self.ended_as:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await self.open()
                pause = FIRST_PAUSE
                await self.listen(heard)
                self.lost.append(time.monotonic())
            if not self.ended_as:
                await asyncio.sleep(pause * random.uniform(0.75, 1.25))
                pause = min(pause * 2, LONGEST_PAUSE)

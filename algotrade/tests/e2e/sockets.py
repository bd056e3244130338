"""WebSockets to the lab for tests and measurements: how one is opened, what its bytes say, and a client that waits."""

import base64
import json
import os
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

TEXT, CLOSE, PING = 1, 8, 9
TERMINAL = frozenset({"succeeded", "failed", "cancelled"})
"""The states in which a job has ended."""


def opening(port: int, path: str, cookie: str, origin: str | None = None) -> bytes:
    """What a browser sends to open a socket: from a page of the lab itself, unless `origin` names another."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Origin: {origin or f'http://127.0.0.1:{port}'}",
        f"Cookie: {cookie}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def pong(payload: bytes) -> bytes:
    """The answer to a ping, masked as a browser's frames are (by a mask that changes nothing)."""
    return bytes([0x8A, 0x80 | len(payload)]) + b"\0\0\0\0" + payload


def open_deaf(port: int, path: str, cookie: str, *, seconds: float = 30.0) -> socket.socket:
    """A socket that is opened and never read, with as little room for what it does not read as the system allows."""
    deaf = socket.socket()
    try:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.settimeout(seconds)
        deaf.connect(("127.0.0.1", port))
        deaf.sendall(opening(port, path, cookie))
        heard = b""
        while b"\r\n\r\n" not in heard:
            if not (byte := deaf.recv(1)):
                raise ConnectionError("The lab ended the connection.")
            heard += byte
        if b" 101 " not in heard.split(b"\r\n")[0]:
            raise ConnectionError(heard.decode(errors="replace"))
    except BaseException:
        deaf.close()
        raise
    return deaf


class Frames:
    """The frames in what a server sends, whichever way its bytes come."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Opcode and payload of each frame that is whole with these bytes; what is left waits for the next ones."""
        self._rest += block
        while frame := self._first():
            yield frame

    def _first(self) -> tuple[int, bytes] | None:
        if len(self._rest) < 2:
            return None
        start, length = 2, self._rest[1]
        if length >= 126:
            form = "!H" if length == 126 else "!Q"
            start += struct.calcsize(form)
            if len(self._rest) < start:
                return None
            (length,) = struct.unpack(form, self._rest[2:start])
        end = start + length
        if len(self._rest) < end:
            return None
        frame = self._rest[0] & 0x0F, self._rest[start:end]
        self._rest = self._rest[end:]
        return frame


class RoomSocket:
    """One open WebSocket to the lab. Use as a context manager."""

    def __init__(self, port: int, path: str, *, cookie: str, origin: str | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.sendall(opening(port, path, cookie, origin))
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._more()
        head, begun = head.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        self._frames = Frames()
        self._heard = deque(self._frames.of(begun))

    def __enter__(self) -> "RoomSocket":
        return self

    def __exit__(self, *raised: Any) -> None:
        self._socket.close()

    def messages_until(self, wanted: Any, *, seconds: float) -> list[dict[str, Any]]:
        """Every message up to the first for which `wanted(message)` is true."""
        heard = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._socket.settimeout(max(0.1, until - time.monotonic()))
            opcode, payload = self._frame()
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise AssertionError(f"The lab closed the socket with {code} after {heard}")
            if opcode == TEXT:
                heard.append(json.loads(payload))
                if wanted(heard[-1]):
                    return heard
        raise AssertionError(f"Not heard within {seconds} s; heard {heard}")

    def _more(self) -> bytes:
        block = self._socket.recv(65536)
        if not block:
            raise ConnectionError("The lab ended the connection.")
        return block

    def _frame(self) -> tuple[int, bytes]:
        while not self._heard:
            self._heard.extend(self._frames.of(self._more()))
        return self._heard.popleft()

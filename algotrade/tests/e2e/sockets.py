"""A small WebSocket client for tests: enough to open a room and read what the lab says in it."""

import base64
import json
import os
import socket
import struct
import time
from typing import Any


class RoomSocket:
    """One open WebSocket to the lab. Use as a context manager."""

    def __init__(self, port: int, path: str, *, cookie: str, origin: str | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        head = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Origin: {origin or f'http://127.0.0.1:{port}'}",
            f"Cookie: {cookie}",
        ]
        self._socket.sendall("\r\n".join([*head, "", ""]).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        answer, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        self.status = int(answer.split()[1])

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
            if opcode == 8:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise AssertionError(f"The lab closed the socket with {code} after {heard}")
            if opcode == 1:
                heard.append(json.loads(payload))
                if wanted(heard[-1]):
                    return heard
        raise AssertionError(f"Not heard within {seconds} s; heard {heard}")

    def _more(self) -> None:
        block = self._socket.recv(65536)
        if not block:
            raise ConnectionError("The lab ended the connection.")
        self._buffer += block

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _frame(self) -> tuple[int, bytes]:
        first, length = self._take(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        return first & 0x0F, self._take(length)

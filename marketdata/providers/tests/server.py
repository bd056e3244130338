"""A server on this machine that answers as a test wants: well, with errors, cut short, or with a slammed door."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Question:
    """One request as it came in."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What goes back. `cut` sends half of the body under its full length; `reset` ends the connection instead.

    `wait` is a pause before the answer, `drip` one after each byte of it, in seconds.
    """

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False
    wait: float = 0.0
    drip: float = 0.0

    def as_bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class LocalServer:
    """Answers each request with `respond(question)`; `first` holds answers that are given before, in turn."""

    def __init__(self, respond: Callable[[Question], Answer]) -> None:
        self.respond = respond
        self.first: list[Answer] = []
        self.questions: list[Question] = []
        self.dripped = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._handle(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def asked(self, part: str) -> list[Question]:
        """The questions whose path holds `part`."""
        return [question for question in self.questions if part in question.path]

    def close(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        split = urlsplit(handler.path)
        question = Question(split.path, dict(parse_qsl(split.query)), dict(handler.headers))
        self.questions.append(question)
        answer = self.first.pop(0) if self.first else self.respond(question)
        if answer.wait:
            self._stopping.wait(answer.wait)
        if answer.reset:
            # No lingering: the other side sees a reset instead of an orderly end.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        with contextlib.suppress(ConnectionError):  # who asked may hang up
            self._send(handler, answer)

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        body = answer.as_bytes()
        handler.send_response(answer.status)
        headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(body))}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        for byte in body if answer.drip else b"":
            handler.wfile.write(bytes([byte]))
            self.dripped += 1
            self._stopping.wait(answer.drip)
        if not answer.drip:
            handler.wfile.write(body[: len(body) // 2] if answer.cut else body)
        handler.close_connection = answer.cut


HTML = Answer(
    "<!DOCTYPE html><html><body>Will be back soon</body></html>", headers={"Content-Type": "text/html"}
)
TROUBLE = {
    "too many requests": Answer(status=429, headers={"Retry-After": "0"}),
    "server error": Answer(status=503),
    "reset": Answer(reset=True),
    "cut short": Answer({"cut": "x" * 4000}, cut=True),
    "no JSON": Answer("{not json"),
    "a web page": HTML,
}
"""What may go better another time, by name."""

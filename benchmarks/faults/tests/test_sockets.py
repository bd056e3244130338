"""Sockets that never read: let in or not, however the bytes of the answer come."""

import contextlib
import socket
import threading
import time

import pytest

from algotrade.tests.e2e.sockets import open_deaf


@contextlib.contextmanager
def answering(*parts):
    """The port of a server that answers one connection with these bytes, one part after the other."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            with server.accept()[0] as line:
                line.recv(65536)
                for part in parts:
                    line.sendall(part)
                    time.sleep(0.05)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_a_socket_is_let_in_also_when_the_answer_comes_in_pieces():
    with answering(b"HTTP/1", b".1 101 Switching Protocols\r\nServer: ", b"x" * 90, b"\r\n\r\n") as port:
        open_deaf(port, "/ws/jobs/", "", seconds=5).close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 403 Forbidden\r\nX: 101 \r\n\r\n", b"HTTP/1.1 101 Swi", b""])
def test_a_socket_that_was_refused_or_got_no_whole_answer_is_not_let_in(answer):
    with answering(answer) as port, pytest.raises(ConnectionError):
        open_deaf(port, "/ws/jobs/", "", seconds=5)

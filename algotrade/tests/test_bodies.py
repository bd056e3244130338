"""What the server takes of a request's body before the application is asked."""

from types import SimpleNamespace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from algotrade import bodies

PAGE, FILES = "/api/auth/login/", "/api/market-data/uploads/"
CHUNK = b"x" * 4096


class Conversation:
    """One connection to a server whose application notes what it was asked."""

    def __init__(self, head: str, *, cookie: bytes = b"") -> None:
        self.asked: list[dict] = []
        self.clock, self.transport, self.channel = Clock(), StringTransport(), HTTPChannel()
        self.transport.abortConnection = self.transport.loseConnection
        server = SimpleNamespace(
            protocol_connected=lambda request: None,
            protocol_disconnected=lambda request: None,
            proxy_forwarded_address_header=None,
            root_path="",
            create_application=lambda request, scope: self.asked.append(scope),
        )
        self.channel.factory = SimpleNamespace(server=server)
        self.channel.site, self.channel.callLater = None, self.clock.callLater
        self.channel.requestFactory = lambda channel, *_queued: bodies.LeanRequest(channel)
        self.channel.makeConnection(self.transport)
        cookies = b"\r\nCookie: " + cookie if cookie else b""
        self.say(head.replace("\n", "\r\n").encode() + cookies + b"\r\n\r\n")

    def say(self, data: bytes) -> None:
        self.channel.dataReceived(data)

    def say_in_chunks(self, count: int) -> None:
        for _ in range(count):
            self.say(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))

    @property
    def answer(self) -> bytes:
        return self.transport.value()

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.asked[0]["headers"])


@pytest.fixture(autouse=True)
def small_limits(settings, monkeypatch):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024
    settings.UPLOAD_MAX_BYTES = 64 * 1024
    monkeypatch.setattr(bodies, "ROOM_FOR_FIELDS", 4096)


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """What was asked of the headers of large bodies, each answered when the test says so."""
    questions = []

    def ask(_is_known, cookie, authorization):
        questions.append(SimpleNamespace(headers=(cookie, authorization), answer=Deferred()))
        return questions[-1].answer

    monkeypatch.setattr(bodies, "deferToThread", ask)
    return questions


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes():
    talk = Conversation(f"POST {PAGE} HTTP/1.1\nHost: lab\nContent-Length: 999999999999")
    assert talk.answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 16 KB" in talk.answer
    assert b'"too_large"' in talk.answer
    talk.say(CHUNK)
    assert talk.channel.requests[0].content.getvalue() == b""
    assert talk.asked == []


def test_a_body_in_chunks_is_refused_when_it_has_grown_too_large_and_is_cut_off_later():
    talk = Conversation(f"POST {PAGE} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked")
    talk.say_in_chunks(5)
    assert talk.answer == b""
    talk.say_in_chunks(50)
    assert talk.answer.count(b"413") == 1
    assert talk.channel.requests[0].content.getvalue() == b""
    assert not talk.transport.disconnecting
    talk.clock.advance(bodies.LINGER_SECONDS)
    assert talk.transport.disconnecting


def test_who_stops_sending_reads_the_refusal_and_the_application_never_hears_of_it():
    talk = Conversation(f"POST {PAGE} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked")
    talk.say_in_chunks(6)
    talk.say(b"0\r\n\r\n")
    assert talk.answer.startswith(b"HTTP/1.1 413 ")
    assert talk.transport.disconnecting
    assert talk.asked == []


def test_files_of_bars_may_be_larger():
    talk = Conversation(f"POST {FILES} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked")
    talk.say_in_chunks(16)
    assert talk.answer == b""
    talk.say_in_chunks(2)
    assert talk.answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 64 KB" in talk.answer
    assert b'"file_too_large"' in talk.answer


def test_a_body_in_chunks_reaches_the_application_with_its_length():
    talk = Conversation(f"POST {PAGE} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked")
    talk.say_in_chunks(2)
    talk.say(b"0\r\n\r\n")
    assert talk.headers[b"content-length"] == b"8192"


def test_no_sender_says_under_which_address_the_lab_is_mounted():
    talk = Conversation("GET /health HTTP/1.1\nHost: lab\nDaphne-Root-Path: \u00ff")
    assert talk.asked[0]["root_path"] == ""
    assert talk.answer == b""


@pytest.mark.parametrize("length", ["Content-Length: 65536", "Transfer-Encoding: chunked"])
def test_a_large_body_of_nobody_is_refused_while_it_comes(asked, length):
    talk = Conversation(f"POST {FILES} HTTP/1.1\nHost: lab\nCookie: a=b\nAuthorization: Bearer x\n{length}")
    talk.say_in_chunks(8)
    assert [question.headers for question in asked] == [("a=b", "Bearer x")]
    assert talk.answer == b""
    asked[0].answer.callback(False)
    assert talk.answer.startswith(b"HTTP/1.1 401 ")
    talk.say_in_chunks(4)
    assert talk.answer.count(b"HTTP/1.1") == 1
    assert talk.channel.requests[0].content.getvalue() == b""
    assert talk.asked == []


@pytest.mark.parametrize("answer", [True, OSError("the database is away")])
def test_a_large_body_of_somebody_or_of_nobody_knows_whom_goes_on_to_the_application(asked, answer):
    talk = Conversation(f"POST {FILES} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked")
    talk.say_in_chunks(8)
    asked[0].answer.callback(answer) if answer is True else asked[0].answer.errback(answer)
    talk.say_in_chunks(2)
    talk.say(b"0\r\n\r\n")
    assert talk.headers[b"content-length"] == b"40960"
    assert talk.answer == b""


def test_an_answer_that_comes_after_the_body_is_left_to_the_application(asked):
    talk = Conversation(f"POST {FILES} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked")
    talk.say_in_chunks(8)
    talk.say(b"0\r\n\r\n")
    asked[0].answer.callback(False)
    assert len(talk.asked) == 1
    assert talk.answer == b""


def test_nobody_is_asked_of_a_body_that_anybody_may_send(asked):
    for address in (PAGE, FILES):
        talk = Conversation(f"POST {address} HTTP/1.1\nHost: lab\nContent-Length: {4 * len(CHUNK)}")
        talk.say(4 * CHUNK)
        assert len(talk.asked) == 1
    assert asked == []


def test_who_goes_before_it_is_known_whose_the_body_is_leaves_no_error(asked):
    talk = Conversation(f"POST {FILES} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked")
    talk.say_in_chunks(8)
    talk.channel.connectionLost(Failure(ConnectionDone()))
    failures = []
    asked[0].answer.addErrback(failures.append)
    asked[0].answer.callback(False)
    assert failures == []


def test_a_cookie_of_other_letters_stops_no_upload(asked):
    talk = Conversation(f"POST {FILES} HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked", cookie=b"a=\xe9")
    talk.say_in_chunks(8)
    assert asked[0].headers[0] == "a=\u00e9"


def test_the_server_may_read_all_of_a_body_at_once(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        body = bodies.MappedBody(file)
        assert bytes(body.read(4)) == b"0123"
        assert bytes(body.read()) == b"456789"
        assert bytes(body.read()) == b""

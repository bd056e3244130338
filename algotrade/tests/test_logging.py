"""A line of the log says when, how grave, where, and for which request or job."""

import json
import logging
import os
import sys

import pytest

from algotrade.jobs import services
from algotrade.jobs.runner import run
from algotrade.jobs.tests import handlers
from algotrade.logging import ContextFilter, JsonFormatter, TextFormatter, job_id, request_id

KIND = f"test.{handlers.succeed.__name__}"


@pytest.fixture
def record():
    """One record as the console's handler gets it, written while a request and a job are known."""
    marks = request_id.set("request-12345"), job_id.set("job-678")
    made = logging.LogRecord("marketdata.incoming.tasks", logging.WARNING, __file__, 1, "%d bars", (7,), None)
    ContextFilter().filter(made)
    yield made
    request_id.reset(marks[0])
    job_id.reset(marks[1])


def test_a_machine_reads_one_object_with_every_fact(record):
    entry = json.loads(JsonFormatter().format(record))
    assert entry.pop("time").endswith("+00:00")
    assert entry.pop("process") == os.getpid()
    assert entry == {
        "level": "WARNING",
        "module": "marketdata.incoming.tasks",
        "message": "7 bars",
        "request_id": "request-12345",
        "job_id": "job-678",
    }


def test_a_person_reads_the_same_on_one_line(record):
    line = TextFormatter().format(record)
    assert "WARNING marketdata.incoming.tasks 7 bars request=request-12345 job=job-678" in line


def test_a_traceback_stays_inside_its_entry(record):
    try:
        raise ZeroDivisionError("by hand")
    except ZeroDivisionError:
        record.exc_info = sys.exc_info()
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "by hand" in json.loads(text)["exception"]


@pytest.mark.django_db(transaction=True)
def test_what_a_job_logs_carries_the_request_that_asked_for_it(user, caplog):
    token = request_id.set("request-of-a-click")
    try:
        job = services.submit(kind=KIND, owner=user, title="A run")
    finally:
        request_id.reset(token)
    caplog.handler.addFilter(ContextFilter())
    assert job.claim("host:1")
    with caplog.at_level(logging.INFO, logger="algotrade.jobs.runner"):
        run(job)
    (said,) = [entry for entry in caplog.records if entry.name == "algotrade.jobs.runner"]
    assert (said.request_id, said.job_id) == ("request-of-a-click", str(job.pk))
    assert request_id.get() == ""


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("GET http://127.0.0.1/query?symbol=IBM&apikey=PROVIDERKEY refused", "PROVIDERKEY"),
        ("connection to postgres://lab:the-word@127.0.0.1/lab failed", "the-word"),
        ("headers: {'Authorization': 'Bearer abc.def.ghi'}", "abc.def.ghi"),
        ("token eyJhbGciOiJIUzI1.eyJ1c2VyIjoxfQ.c2lnbmF0dXJl is worn", "eyJ1c2VyIjoxfQ"),
        ("a script came with lab_0123456789abcdefghij", "0123456789abcdefghij"),
        ("/ws/jobs/?ticket=tick-et-123 closed", "tick-et-123"),
        ('{"password": "typed-by-ada", "name": "ada"}', "typed-by-ada"),
        ("Cookie: sessionid=abcdef0123; csrftoken=fedcba3210", "abcdef0123"),
    ],
    ids=["key", "address", "header", "jwt", "api-token", "ticket", "password", "cookie"],
)
def test_what_a_library_quotes_of_a_secret_is_masked(said, secret):
    assert secret in said
    record = logging.LogRecord("library", logging.ERROR, __file__, 1, said, (), None)
    for formatter in (JsonFormatter(), TextFormatter()):
        told = formatter.format(record)
        assert secret not in told
        assert "[masked]" in told


def test_words_without_a_secret_are_left_alone():
    said = "The process of job 4f6b ended with code -9 while it read https://lab.example.org:8000/data/"
    record = logging.LogRecord("pool", logging.ERROR, __file__, 1, said, (), None)
    assert json.loads(JsonFormatter().format(record))["message"] == said

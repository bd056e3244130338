"""Reports of errors: what broke, where, and under which request and job; nothing about anybody."""

import json
import logging

import pytest
import sentry_sdk
from django.test import Client
from django.urls import path
from sentry_sdk.transport import Transport

from algotrade import urls
from algotrade.jobs import services
from algotrade.jobs.runner import run
from algotrade.jobs.tests import handlers
from algotrade.observing import reports

DSN = "http://key@127.0.0.1:9/1"
CRASH = f"test.{handlers.crash.__name__}"
SECRETS = {
    "name": "grace.hopper",
    "address": "grace@navy.example",
    "typed": "my-typed-words",
    "token": "Bearer eyJhbGciOi.JIUzI1NiJ9.abcdefgh",
    "cookie": "sessionid=very-secret-cookie",
    "local": "a-local-variable",
    "peer": "198.51.100.77",
}

pytestmark = pytest.mark.django_db


def breaks(request):
    local = SECRETS["local"]
    raise ValueError(f"Key (name)=({SECRETS['name']}) {request.body!r} {local}")


urlpatterns = [*urls.urlpatterns, path("breaks", breaks, name="breaks")]
handler500 = urls.handler500


class Kept(Transport):
    """Takes reports instead of a network."""

    def __init__(self, options=None):
        super().__init__(options)
        self.events = []

    def capture_envelope(self, envelope):
        self.events += [item.payload.json for item in envelope.items if item.type == "event"]


@pytest.fixture
def reported(settings):
    """Reports of this test, in a process that an operator has given an address for them."""
    settings.SENTRY_DSN = DSN
    transport = Kept()
    assert reports.start(transport)
    yield transport.events
    sentry_sdk.init()  # nothing is reported any more


def whole(report):
    return json.dumps(report)


@pytest.mark.urls(__name__)
def test_an_error_of_a_page_is_reported_once_with_its_request_and_nothing_about_the_asker(reported, user):
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
    answer = client.post(
        f"/breaks?q={SECRETS['typed']}",
        {"password": SECRETS["typed"]},
        headers={"Authorization": SECRETS["token"], "X-Request-ID": "request-of-a-click"},
        REMOTE_ADDR=SECRETS["peer"],
    )
    assert answer.status_code == 500
    (report,) = reported
    assert report["tags"] == {"request_id": "request-of-a-click", "route": "breaks"}
    (exception,) = report["exception"]["values"]
    assert exception["type"] == "ValueError"
    last = exception["stacktrace"]["frames"][-1]
    assert last["function"] == "breaks"
    assert last["lineno"] > 0
    text = whole({**report, "exception": without_source(report)})
    for secret in (*SECRETS.values(), user.username, user.email):
        assert secret not in text
    assert not {"user", "request", "breadcrumbs", "server_name", "extra", "modules"} & set(report)


def without_source(report):
    """Our own lines of code are told; in this test they hold the secrets' names."""
    frames = [frame for value in report["exception"]["values"] for frame in value["stacktrace"]["frames"]]
    for frame in frames:
        for name in ("pre_context", "context_line", "post_context"):
            frame.pop(name, None)
        assert "vars" not in frame
    return report["exception"]


@pytest.mark.django_db(transaction=True)
def test_an_error_of_a_job_is_reported_with_the_job_and_the_click_that_asked_for_it(reported, user):
    job = services.submit(kind=CRASH, owner=user, title="A run of Grace's")
    type(job).objects.filter(pk=job.pk).update(request_id="request-of-a-click")
    assert job.claim("host:1")
    run(job)
    (report,) = reported
    assert report["tags"] == {"request_id": "request-of-a-click", "job_id": str(job.pk)}
    assert report["exception"]["values"][0]["type"] == "ZeroDivisionError"
    assert report["logentry"]["message"] == "%s failed"
    assert "secret detail" not in whole(without_source(report))
    assert "Grace" not in whole(report)


def test_what_is_no_error_is_not_reported(reported):
    logging.getLogger("algotrade.jobs.pool").warning("A warning")
    logging.getLogger("django.security.DisallowedHost").error(
        "Invalid HTTP_HOST header: %r", SECRETS["typed"]
    )
    assert reported == []


def test_words_with_values_filled_in_stay_here(reported):
    logging.getLogger("somebody.else").error(f"Refused {SECRETS['name']}")
    logging.getLogger("algotrade.jobs.pool").error("The process of job %s ended", SECRETS["typed"])
    foreign, ours = (report["logentry"]["message"] for report in reported)
    assert foreign == reports.LEFT_OUT
    assert ours == "The process of job %s ended"
    assert SECRETS["typed"] not in whole(reported)


def test_without_an_address_nothing_is_set_up(settings, monkeypatch):
    settings.SENTRY_DSN = ""
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: pytest.fail("set up"))
    assert reports.start() is False

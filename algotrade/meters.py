"""What the lab counts about itself, for Prometheus.

One registry a process. A job's process has no door of its own: it hands what it counts to its pool, whose process adds
it up. Labels name kinds, routes and states, of which there are few; nothing that a user typed or owns is a label.
"""

import logging
from collections.abc import Callable, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

logger = logging.getLogger(__name__)

REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WAIT_SECONDS = (0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)
RUN_SECONDS = (0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 10800.0)

# A moment of birth for each number would double what is sent.
disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)

_meters: dict[str, "Count | Times"] = {}
_forward: Callable[[str, float, tuple[str, ...]], None] | None = None


class Count:
    """A number that only grows."""

    def __init__(self, name: str, words: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self._counter = Counter(name, words, labels, registry=registry)
        if not labels:
            self._counter.inc(0)
        _meters[name] = self

    def add(self, *labels: str, by: float = 1.0) -> None:
        """Add to the number of these labels."""
        if _forward is not None:
            _forward(self.name, by, labels)
        else:
            self.put(by, labels)

    def put(self, by: float, labels: tuple[str, ...]) -> None:
        (self._counter.labels(*labels) if labels else self._counter).inc(by)


class Times:
    """How long something took: a histogram in seconds."""

    def __init__(self, name: str, words: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        self.name = name
        self._histogram = Histogram(name, words, labels, registry=registry, buckets=buckets)
        _meters[name] = self

    def add(self, seconds: float, *labels: str) -> None:
        """Count one more of these labels."""
        if _forward is not None:
            _forward(self.name, seconds, labels)
        else:
            self.put(seconds, labels)

    def put(self, seconds: float, labels: tuple[str, ...]) -> None:
        (self._histogram.labels(*labels) if labels else self._histogram).observe(max(0.0, seconds))


def forward_to(send: Callable[[str, float, tuple[str, ...]], None] | None) -> None:
    """In a job's process: hand everything to this callable (the pipe to the pool) and add up nothing here."""
    global _forward
    _forward = send


def take(name: str, amount: float, labels: Sequence[str]) -> None:
    """In the pool's process: add what a job's process has handed over."""
    _meters[name].put(amount, tuple(labels))


requests = Count(
    "lab_http_requests", "Requests answered, by name of the route.", ("route", "method", "status")
)
request_seconds = Times(
    "lab_http_request_seconds",
    "From a request to the head of its answer, by name of the route.",
    ("route", "method"),
    REQUEST_SECONDS,
)
sign_in_failures = Count("lab_sign_in_failures", "Log-ins that were refused.")
socket_closes = Count("lab_socket_closes", "Sockets that ended, by close code.", ("room", "code"))
socket_messages = Count("lab_socket_messages", "Messages sent to sockets.", ("room",))

jobs_submitted = Count("lab_jobs_submitted", "Jobs put into the queue.", ("kind",))
jobs_started = Count("lab_jobs_started", "Attempts begun: claims of a job by a process.", ("kind",))
jobs_returned = Count(
    "lab_jobs_returned", "Attempts lost with their worker: the job was given back to the queue.", ("kind",)
)
jobs_ended = Count(
    "lab_jobs_ended", "Jobs that ended, by state and by code of the error.", ("kind", "state", "error")
)
writes_fenced = Count("lab_job_writes_fenced", "Writes refused because another worker holds the job.")
job_wait_seconds = Times(
    "lab_job_wait_seconds", "From submitting a job to its first start.", ("kind",), WAIT_SECONDS
)
job_run_seconds = Times(
    "lab_job_run_seconds", "From the start of the last attempt to its end.", ("kind", "state"), RUN_SECONDS
)
sweeps = Count("lab_job_sweeps", "Runs of the sweeper in this process.")
jobs_swept = Count("lab_jobs_swept", "Jobs that the sweeper had to mend.")
nudges_lost = Count("lab_nudges_lost", "Messages to workers that the broker did not take.")
events_lost = Count("lab_events_lost", "Events that the rooms did not take.")

engine_bars = Count("lab_engine_bars", "Bars simulated; for a sweep, bars times combinations.", ("kind",))
engine_seconds = Count("lab_engine_seconds", "Seconds spent on them.", ("kind",))
import_rows = Count("lab_import_rows", "Rows taken in by imports.", ("way",))

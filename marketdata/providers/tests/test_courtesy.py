"""Providers are asked at their pace, again when that may help, and not for ever."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from marketdata.errors import ProviderUnavailable, RateLimited
from marketdata.providers.base import RateLimit
from marketdata.providers.courtesy import Courtesy, Patience, Refused, retry_after
from marketdata.providers.limiter import Limiter, shared_folder

ROOT = Path(__file__).resolve().parents[3]

PATIENCE = Patience(attempts=4, first_seconds=2.0, longest_seconds=5.0, total_seconds=60.0)


class Clock:
    def __init__(self):
        self.seconds = 1_000_000.0
        self.slept = []

    def __call__(self):
        return self.seconds

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock():
    return Clock()


def make(clock, tmp_path, limit=None, patience=PATIENCE, **options):
    limiter = Limiter("test", limit, folder=tmp_path, clock=clock)
    return Courtesy("Test", limiter, patience, sleep=clock.sleep, **options)


def failing(times, **how):
    """A request that is refused some times and then gives "done"."""
    left = [times]

    def request():
        left[0] -= 1
        if left[0] >= 0:
            raise Refused("status 503", **how)
        return "done"

    return request


def test_a_refused_request_is_made_again_after_growing_pauses(clock, tmp_path):
    started = clock()
    assert make(clock, tmp_path).ask(failing(3)) == "done"
    # Pauses of 2, 4 and 5 (8, but 5 is the longest) seconds, of each of which at most a random half is left out.
    assert 5.5 <= clock() - started <= 11.0


def test_at_the_end_of_the_patience_stands_an_error_with_the_reason(clock, tmp_path):
    with pytest.raises(
        ProviderUnavailable, match=r"Test gave no usable answer \(status 503; asked 4 times\)"
    ):
        make(clock, tmp_path).ask(failing(99))


def test_a_pause_that_the_provider_asks_for_is_kept(clock, tmp_path):
    started = clock()
    make(clock, tmp_path).ask(failing(1, limited=True, wait=30.0))
    assert clock() - started == pytest.approx(30.0)


def test_one_that_is_longer_than_the_patience_ends_the_request_at_once(clock, tmp_path):
    with pytest.raises(RateLimited, match="Try again in 5 minutes") as caught:
        make(clock, tmp_path).ask(failing(1, limited=True, wait=300.0))
    assert caught.value.seconds == 300.0
    assert clock.slept == []


def test_another_error_is_not_asked_about_again(clock, tmp_path):
    def request():
        raise KeyError("mine")

    with pytest.raises(KeyError):
        make(clock, tmp_path).ask(request)
    assert clock.slept == []


def test_whoever_listens_can_stop_a_pause(clock, tmp_path):
    def tell(message):
        if clock.slept:
            raise InterruptedError(message)

    with pytest.raises(InterruptedError, match="trying again in 30 s"):
        make(clock, tmp_path, tell=tell).ask(failing(1, wait=30.0))
    assert clock.slept == [0.5]


def test_the_pace_of_a_provider_is_kept(clock, tmp_path):
    courtesy = make(clock, tmp_path, RateLimit(2, 10.0))
    moments = []
    for _request in range(5):
        courtesy.ask(lambda: moments.append(clock()))
    gaps = [round(moment - moments[0], 3) for moment in moments]
    assert gaps == [0.0, 0.0, 10.0, 10.0, 20.0]


def test_a_limit_that_is_used_up_for_longer_than_the_patience_is_an_error(clock, tmp_path):
    courtesy = make(clock, tmp_path, RateLimit(1, 86_400.0))
    courtesy.ask(lambda: None)
    with pytest.raises(RateLimited, match=r"1 requests in 86400 seconds.*24 hours") as caught:
        courtesy.ask(lambda: None)
    assert caught.value.seconds == pytest.approx(86_400.0)


def test_a_moment_that_was_not_waited_for_is_not_taken(clock, tmp_path):
    limiter = Limiter("test", RateLimit(1, 100.0), folder=tmp_path, clock=clock)
    assert limiter.take(1.0) == 0.0
    assert limiter.take(1.0) == limiter.take(1.0) == pytest.approx(100.0)


def test_a_clock_that_was_set_back_blocks_nobody(clock, tmp_path):
    limiter = Limiter("test", RateLimit(1, 10.0), folder=tmp_path, clock=clock)
    limiter.take(60.0)
    clock.seconds -= 86_400.0
    assert limiter.take(60.0) == 0.0


def test_a_damaged_file_counts_as_empty(clock, tmp_path):
    (tmp_path / "test.json").write_text('[1, "x')
    assert Limiter("test", RateLimit(1, 10.0), folder=tmp_path, clock=clock).take(1.0) == 0.0


def test_without_a_folder_each_process_keeps_the_limit_alone(clock, tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("")
    limiter = Limiter("alone", RateLimit(1, 10.0), folder=occupied, clock=clock)
    assert limiter.take(60.0) == 0.0
    assert limiter.take(60.0) == pytest.approx(10.0)


def test_processes_of_one_machine_share_a_limit(tmp_path):
    """Three processes take four moments each by a clock that stands still: two in each ten seconds."""
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from pathlib import Path\n"
        "from marketdata.providers.base import RateLimit\n"
        "from marketdata.providers.limiter import Limiter\n"
        f"limiter = Limiter('shared', RateLimit(2, 10.0), folder=Path({str(tmp_path)!r}), clock=lambda: 1e9)\n"
        "print(*(limiter.take(100.0) for _ in range(4)))\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    taken = sorted(float(text) for process in processes for text in process.communicate()[0].split())
    assert taken == [0.0, 0.0, 10.0, 10.0, 20.0, 20.0, 30.0, 30.0, 40.0, 40.0, 50.0, 50.0]


def test_the_shared_folder_lies_in_the_data_folder(own_folder):
    assert shared_folder() == own_folder / "rates"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("Wed, 01 May 2030 12:01:00 GMT", 60.0),
        ("Wed, 01 May 2030 11:00:00 GMT", 0.0),
        ("99999999999999", 604_800.0),
        ("", None),
        ("soon", None),
        (None, None),
    ],
)
def test_the_wait_that_is_asked_for_is_read_as_seconds_or_as_a_date(text, seconds):
    assert retry_after(text, dt.datetime(2030, 5, 1, 12, tzinfo=dt.UTC)) == seconds

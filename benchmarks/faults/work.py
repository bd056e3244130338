"""The work under which faults strike: people who submit runs, sweeps, imports and trainings through the API."""

import contextlib
import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request

from algotrade.tests.e2e.processes import Client
from benchmarks.faults.lab import Lab
from benchmarks.faults.limits import LEASE_SECONDS
from benchmarks.faults.record import plain
from benchmarks.faults.sockets import Sockets

SYMBOL = "AAPL"
AWAY = {503, 507}  # something that is needed is away or full, and the answer says so
IMPORT_ROWS = 20_000
FEATURES = ["rsi(14)", "log_return(1)"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work: what is posted, and how it must end when nobody cancels it.

    `error` is the code that a poisonous one ends with.
    """

    name: str
    strategy: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    sweep: dict[str, Any] | None = None
    other: str = ""
    error: str = ""


def _paced(name: str, seconds: float) -> Kind:
    return Kind(name, "paced", {"seconds": seconds, "first": 1})


CROSSING = {"fast_period": 20, "slow_period": 100}
KINDS = {
    kind.name: kind
    for kind in (
        Kind("quick", "ma_crossover", CROSSING),
        _paced("paced", 1.0),
        _paced("slower", 2.5),
        _paced("long", LEASE_SECONDS + 3.0),
        Kind(
            "sweep",
            "ma_crossover",
            CROSSING,
            sweep={
                "method": "grid",
                "axes": [
                    {"name": "fast_period", "start": 5, "stop": 80, "step": 1},
                    {"name": "slow_period", "start": 90, "stop": 300, "step": 2},
                ],
            },
        ),
        Kind("import", other="import"),
        Kind("training", other="training"),
        Kind("bomb", "bomb", {"first": 1}, error="out_of_memory"),
        Kind("crash", "crash", {"first": 1}, error="worker_lost"),
        Kind("endless", "endless", {"first": 1}, error="deadline_exceeded"),
    )
}
ORDINARY = ("quick", "paced", "slower", "sweep", "import", "training")
CHANCES = (5, 5, 4, 2, 2, 1)


@dataclass(slots=True)
class Accepted:
    """A job that the lab has accepted: from then on it owes an end."""

    job: str
    kind: Kind
    person: str
    url: str
    at: float
    seconds: float
    cancel_at: float | None = None
    cancel_asked: bool = False


@dataclass(slots=True)
class Answers:
    """How the API answered: by status, of whom nobody knows whether a job was made, and with which errors."""

    by_status: Counter[int] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    longest: float = 0.0
    refusal: str = ""


class Person:
    """Somebody with an account, a token and a browser session."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.name = name
        self.client = Client(lab)
        self.client.register(name)
        self.cookie = self._session(lab)
        self.strategies: dict[str, int] = {}

    def _session(self, lab: Lab) -> str:
        """The cookies of a signed-in browser, also from a machine that is so busy that one does not wait for it."""
        for _try in range(3):
            with contextlib.suppress(OSError):
                return Client(lab).open_session(self.name)
        raise RuntimeError("Nobody can sign in: this machine is too busy.")

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body; status 0 when no answer came."""
        with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
            return self.client.call(method, path, body)
        return 0, None

    def send_file(self, path: str, name: str, content: bytes, fields: dict[str, str]) -> tuple[int, Any]:
        """As `ask`, with a form that holds a file."""
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
            for k, v in fields.items()
        ]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = "".join(parts).encode() + f"{head}Content-Type: text/csv\r\n\r\n".encode()
        body += content + f"\r\n--{mark}--\r\n".encode()
        request = Request(self.client.lab.url + path, data=body, method="POST")  # noqa: S310
        request.add_header("Content-Type", f"multipart/form-data; boundary={mark}")
        request.add_header("Authorization", f"Bearer {self.client.token}")
        with (
            contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError),
            self.client._opener.open(request, timeout=20) as answer,
        ):
            return answer.status, json.loads(answer.read())
        return 0, None


class Work:
    """Everybody's work on one lab, and what was promised to whom."""

    def __init__(self, lab: Lab, sockets: Sockets, rng: random.Random) -> None:
        self._lab, self._sockets, self._rng = lab, sockets, rng
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._paused = threading.Event()
        self._threads: list[threading.Thread] = []
        self._csv = _bars(IMPORT_ROWS)
        self.accepted: dict[str, Accepted] = {}
        self.answers = Answers()
        self.people: dict[str, Person] = {}
        self.active: dict[int, int] = {}

    def add_person(self, name: str) -> Person:
        person = self.people[name] = Person(self._lab, f"{name}{uuid.uuid4().hex[:6]}")
        self._sockets.follow_user(person.cookie)
        return person

    def submit(
        self, person: Person, kind: Kind, *, strategy: int | None = None, follow: bool = True
    ) -> Accepted | None:
        """Submit one piece of work; None when it was refused or no answer came."""
        began = time.time()
        status, body = self._post(person, kind, strategy)
        seconds = time.time() - began
        with self._lock:
            self.answers.by_status[status] += 1
            self.answers.longest = max(self.answers.longest, seconds)
            if status == 0 or status >= 500:
                self.answers.unanswered[person.name] += 1
            if status >= 500 and status not in AWAY:
                self.answers.broken.append(f"{kind.name}: {status} {str(body)[:200]}")
        if status != 202:
            self.answers.refusal = f"{kind.name}: {status} {str(body)[:300]}"
            return None
        taken = Accepted(plain(body["job"]["id"]), kind, person.name, body["url"], began, seconds)
        with self._lock:
            self.accepted[taken.job] = taken
        if follow:
            self._sockets.follow_job(body["job"]["id"], person.cookie)
        return taken

    def cancel(self, person: Person, taken: Accepted) -> bool:
        """Ask for the end of a job; whether the lab said that it will stop it. It may, too, when no answer comes."""
        taken.cancel_asked = True
        status, _body = person.ask("POST", f"/api/jobs/{uuid.UUID(taken.job)}/cancel/")
        if status == 202:
            taken.cancel_at = time.time()
        return status == 202

    def own_strategy(self, person: Person, kind: Kind) -> int | None:
        """A new strategy of this kind, for somebody who will change or delete it."""
        body = {
            "name": f"{kind.name} {uuid.uuid4().hex[:8]}",
            "strategy_type": kind.strategy,
            "symbol": SYMBOL,
            "parameters": kind.parameters,
        }
        status, answer = person.ask("POST", "/api/strategies/", body)
        return answer["id"] if status == 201 else None

    def begin(self, person: Person, pause: float, most: int) -> None:
        """Have a person submit at random moments, while they have fewer than `most` jobs under way."""
        rng = random.Random(self._rng.random())
        thread = threading.Thread(target=self._submitting, args=(person, rng, pause, most), daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=30)

    # -- What one person does ------------------------------------------------------------------------------------

    def _submitting(self, person: Person, rng: random.Random, pause: float, most: int) -> None:
        mine: list[Accepted] = []
        while not self._stopping.wait(rng.expovariate(1.0 / pause)):
            mine = [taken for taken in mine if not self._seen_to_end(taken)]
            if len(mine) >= most:
                continue
            kind = KINDS[rng.choices(ORDINARY, CHANCES)[0]]
            taken = self.submit(person, kind)
            if taken is None:
                continue
            mine.append(taken)
            if rng.random() < 0.06:
                self._stopping.wait(rng.random() * 1.5)
                self.cancel(person, taken)

    def _seen_to_end(self, taken: Accepted) -> bool:
        seen = self._sockets.of_job.get(taken.job)
        return seen is not None and seen.ended_at is not None

    def _post(self, person: Person, kind: Kind, strategy: int | None) -> tuple[int, Any]:
        if kind.other == "import":
            symbol = f"C{uuid.uuid4().hex[:8]}".upper()
            fields = {"symbol": symbol, "timeframe": "1m", "calendar": "24/7"}
            return person.send_file("/api/market-data/imports/", f"{symbol}_1m.csv", self._csv, fields)
        if kind.other == "training":
            return self._post_training(person)
        number = strategy or person.strategies.get(kind.name) or self.own_strategy(person, kind)
        if number is None:
            return -1, None  # the strategy could not be saved, so no work was asked for
        if strategy is None:
            person.strategies[kind.name] = number
        body: dict[str, Any] = {"strategy": number, "configuration": {"commission": 0.001}}
        if kind.sweep:
            return person.ask("POST", "/api/sweeps/", body | kind.sweep)
        return person.ask("POST", "/api/backtests/run/", body)

    def _post_training(self, person: Person) -> tuple[int, Any]:
        status, found = person.ask("GET", f"/api/market-data/series/?symbol={SYMBOL}")
        if status != 200:
            return -1, None
        body = {
            "name": "Echo",
            "series": found["results"][0]["id"],
            "algorithm": "logistic_regression",
            "features": FEATURES,
            "folds": 3,
            "controls": False,
        }
        return person.ask("POST", "/api/ml-models/train/", body)


def _bars(rows: int) -> bytes:
    """A CSV file of bars of one minute."""
    lines = ["time,open,high,low,close,volume"]
    for row in range(rows):
        price = 100 + (row * 7919 % 1000) / 100
        moment = f"2024-01-{1 + row // 1440:02d} {row // 60 % 24:02d}:{row % 60:02d}"
        lines.append(
            f"{moment},{price:.2f},{price + 1:.2f},{price - 1:.2f},{price + 0.5:.2f},{100 + row % 50}"
        )
    return "\n".join(lines).encode()

"""Every fault, injected for real: signals to processes, servers that end or hang, a disk that is full."""

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable

import redis
from celery import Celery

from benchmarks.faults.lab import run_beside, send, until_true
from benchmarks.faults.limits import LEASE_SECONDS, QUEUE_LIMIT, SWEEP_SECONDS
from benchmarks.faults.rig import Fault, Missed, Release, Rig, quietly
from benchmarks.faults.work import KINDS

HUNG_SECONDS = 3.0
DOWN_SECONDS = 1.5
FULL_SECONDS = 2.0
DOUBLING_SECONDS = 2.0
DEAF_SECONDS = 8.0
SWEEPING_SECONDS = 30
FROZEN_SECONDS = LEASE_SECONDS + 2 * SWEEP_SECONDS + 1.0
BURST_THREADS = 10
KILLED, FROZEN = "worker1", "worker2"  # one is killed, the other one frozen
ANSWERING = ("web", "postgres")  # what must be there when somebody submits


# -- Processes ---------------------------------------------------------------------------------------------------


def child_killed(rig: Rig) -> None:
    _strike_child(rig, signal.SIGKILL)


def worker_killed(rig: Rig) -> None:
    rig.running()
    rig.lab.kill(KILLED, tree=rig.rng.random() < 0.5)


def web_killed(rig: Rig) -> None:
    rig.lab.kill("web", tree=rig.rng.random() < 0.5)


def web_restarted(rig: Rig) -> None:
    rig.lab.restart("web")


def child_frozen(rig: Rig) -> tuple[float, Release]:
    """Beyond its lease; then it goes on, as if nothing had been."""
    pid = _strike_child(rig, signal.SIGSTOP)
    return FROZEN_SECONDS, lambda: _thaw([pid])


def child_stopped(rig: Rig) -> None:
    """For ever: somebody else must do its work, and take its place."""
    _strike_child(rig, signal.SIGSTOP)


def _strike_child(rig: Rig, number: int) -> int:
    """A signal to the process of some running job."""
    if not (found := rig.running()) or not send(pid := rig.rng.choice(found), number):
        raise Missed("no job was running")
    return pid


def worker_frozen(rig: Rig) -> tuple[float, Release]:
    rig.running()
    pids = rig.lab.pids(FROZEN)
    for pid in pids:
        send(pid, signal.SIGSTOP)
    return FROZEN_SECONDS, lambda: _thaw(pids)


def _thaw(pids: list[int]) -> None:
    for pid in pids:
        send(pid, signal.SIGCONT)


# -- Servers -----------------------------------------------------------------------------------------------------


def redis_killed(rig: Rig) -> tuple[float, Release]:
    rig.redis.kill()
    return DOWN_SECONDS, rig.redis.start


def redis_flushed(rig: Rig) -> None:
    rig.running()
    rig.redis.flush()


def redis_hung(rig: Rig) -> tuple[float, Release]:
    rig.redis.freeze()
    return HUNG_SECONDS, rig.redis.thaw


def broker_down_at_commit(rig: Rig) -> tuple[float, Release]:
    """Work is submitted while there is no broker: it must be accepted, and at once."""
    if not quietly(rig.lab.answers):
        raise Missed("the web process was away")
    rig.redis.kill()
    began = time.monotonic()
    taken = rig.work.submit(rig.patient, KINDS["quick"])
    rig.broker_answers.append((taken is not None, time.monotonic() - began))
    return 0.0, rig.redis.start


def postgres_restarted(rig: Rig) -> None:
    rig.postgres.restart_at_once()


def messages_doubled(rig: Rig) -> tuple[float, Release]:
    """Every message that reaches the queue in the next seconds is put into it again, twice."""
    sent: set[str] = set()
    until = time.monotonic() + DOUBLING_SECONDS
    doubling = threading.Thread(target=_double, args=(rig, until, sent), daemon=True)
    doubling.start()
    for _run in range(3):
        rig.work.submit(rig.bystander, KINDS["quick"])

    def end() -> None:
        doubling.join()
        if not sent:
            raise Missed("no message was sent")

    return 0.0, end


def _double(rig: Rig, until: float, sent: set[str]) -> None:
    again = rig.redis.client()
    watching = redis.Redis(port=rig.redis.port, socket_timeout=1.0)
    with contextlib.suppress(redis.RedisError), watching.monitor() as monitor:
        while time.monotonic() < until:
            command = monitor.next_command()["command"]
            payload = command.removeprefix("LPUSH celery ")
            if payload != command and payload not in sent:
                sent.add(payload)
                for _time in range(2):
                    again.lpush("celery", payload)


def two_sweepers(rig: Rig) -> tuple[float, Release] | None:
    if rig.redis is None:
        sweep = "from algotrade.jobs import services\nfor _ in range(40): services.sweep()"
        sweepers = [run_beside(rig.lab, sweep, SWEEPING_SECONDS) for _sweeper in range(2)]
        return 0.0, lambda: _have_swept(sweepers)
    app = Celery(broker=rig.redis.url)
    sent = [quietly(lambda: app.send_task("jobs.sweep", retry=False)) for _message in range(12)]
    if sum(message is not None for message in sent) < 2:
        raise Missed("no message was sent")
    return None


def _have_swept(sweepers: "list[subprocess.Popen[bytes]]") -> None:
    if codes := [code for one in sweepers if (code := one.wait(timeout=2 * SWEEPING_SECONDS))]:
        raise Missed(f"a sweeper ended with {codes[0]}")


def disk_full(rig: Rig) -> tuple[float, Release]:
    rig.disk.fill()
    began = time.time()
    rig.work.submit(rig.bystander, KINDS["import"])
    rig.work.submit(rig.bystander, KINDS["sweep"])

    def free() -> None:
        rig.disk.empty()
        rig.full_disk.append((began, time.time()))

    return FULL_SECONDS, free


# -- People ------------------------------------------------------------------------------------------------------


def socket_never_read(rig: Rig) -> tuple[float, Release]:
    if not rig.sockets.open_deaf(rig.work.people["ada"].cookie, 10):
        raise Missed("nobody was let in")
    return DEAF_SECONDS, rig.sockets.close_deaf


def poison(name: str) -> Callable[[Rig], None]:
    """Of a person of its own, whose turn comes soon: who has many jobs running waits for the others."""

    def inject(rig: Rig) -> None:
        person = rig.work.people[name]
        if not until_true(lambda: rig.work.submit(person, KINDS[name]) is not None, 10.0, every=0.5):
            raise Missed("nobody took it")

    return inject


def many_runs(rig: Rig) -> None:
    """One user submits many runs at once beside another user's one run."""
    person, kind = rig.crowd, KINDS["quick"]
    if rig.work.submit(person, kind, follow=False) is None:  # its strategy is made once
        raise Missed("the first was not taken")
    counts = [rig.burst // BURST_THREADS] * BURST_THREADS
    threads = [threading.Thread(target=_several, args=(rig, count), daemon=True) for count in counts]
    for thread in threads:
        thread.start()
    if taken := rig.work.submit(rig.loner, kind):
        rig.beside_many.append(taken)
    for thread in threads:
        thread.join(timeout=60)


def _several(rig: Rig, count: int) -> None:
    for _run in range(count):
        rig.work.submit(rig.crowd, KINDS["quick"], follow=False)


def strategy_edited(rig: Rig) -> None:
    body = {"parameters": {"first": 500, "seconds": 0.0}}
    _meddle(rig, lambda number: rig.meddler.ask("PATCH", f"/api/strategies/{number}/", body))


def strategy_deleted(rig: Rig) -> None:
    _meddle(rig, lambda number: rig.meddler.ask("DELETE", f"/api/strategies/{number}/"))


def _meddle(rig: Rig, change: Callable[[int], tuple[int, object]]) -> None:
    """Change a strategy while a run of it is under way."""
    number = rig.work.own_strategy(rig.meddler, KINDS["paced"])
    if number is None:
        raise Missed("the strategy could not be saved")
    rig.begin("paced", number)
    if change(number)[0] not in {200, 204}:
        raise Missed("the strategy could not be changed")


def cancelled(rig: Rig) -> None:
    if not rig.work.cancel(rig.meddler, rig.begin("long")):
        raise Missed("nobody took the cancel")


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("child_killed", "kill -9 of a worker's child", child_killed),
        Fault("worker_killed", "kill -9 of a worker, or of its tree", worker_killed, (KILLED,)),
        Fault("web_killed", "kill -9 of the web process, or of its tree", web_killed, ("web",)),
        Fault("web_restarted", "the web process restarted with open sockets", web_restarted, ("web",)),
        Fault(
            "child_frozen", "SIGSTOP of a child past its lease, then it goes on", child_frozen, ("freeze",)
        ),
        Fault("child_stopped", "SIGSTOP of a child for ever", child_stopped),
        Fault("worker_frozen", "SIGSTOP of a worker past its leases", worker_frozen, (FROZEN,)),
        Fault("redis_killed", "Redis killed", redis_killed, ("redis",)),
        Fault("redis_flushed", "Redis emptied", redis_flushed, ("redis",)),
        Fault("redis_hung", "Redis hung", redis_hung, ("redis",)),
        Fault(
            "broker_down_at_commit", "no broker at the commit", broker_down_at_commit, ("redis", *ANSWERING)
        ),
        Fault("postgres_restarted", "PostgreSQL restarted at once", postgres_restarted, ("postgres",)),
        Fault("messages_doubled", "every message delivered thrice", messages_doubled, ("redis",)),
        Fault("two_sweepers", "many sweepers at once", two_sweepers),
        Fault("disk_full", "the disk full", disk_full, ("disk",)),
        Fault("socket_never_read", "clients that never read", socket_never_read, ("deaf",)),
        Fault("memory_bomb", "a memory bomb", poison("bomb")),
        Fault("crash", "a job that ends its process", poison("crash")),
        Fault("endless", "an infinite loop", poison("endless")),
        Fault(
            "many_runs",
            f"many runs of one user (quota {QUEUE_LIMIT}) beside another's one",
            many_runs,
            ANSWERING,
        ),
        Fault("cancelled", "a running job cancelled", cancelled, ("meddler",)),
        Fault("strategy_edited", "a strategy edited while it runs", strategy_edited, ("meddler",)),
        Fault("strategy_deleted", "a strategy deleted while it runs", strategy_deleted, ("meddler",)),
    )
}

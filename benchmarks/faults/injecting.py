"""Every fault, injected for real: signals to processes, servers that end or hang, a disk that is full."""

import signal
import threading
import time
from collections.abc import Callable

import redis
from celery import Celery

from benchmarks.faults.lab import run_beside, send, until_true
from benchmarks.faults.limits import LEASE_SECONDS, QUEUE_LIMIT, SWEEP_SECONDS
from benchmarks.faults.rig import Fault, Release, Rig, quietly
from benchmarks.faults.work import KINDS, Accepted

HUNG_SECONDS = 3.0
DOWN_SECONDS = 1.5
FULL_SECONDS = 2.0
DOUBLING_SECONDS = 2.0
DEAF_SECONDS = 8.0
FROZEN_SECONDS = LEASE_SECONDS + 2 * SWEEP_SECONDS + 1.0
BURST_THREADS = 10


# -- Processes ---------------------------------------------------------------------------------------------------


def child_killed(rig: Rig) -> None:
    if found := rig.running():
        send(rig.rng.choice(found)[1], signal.SIGKILL)


def worker_killed(rig: Rig) -> None:
    rig.running()
    rig.lab.kill(rig.workers()[0], tree=rig.rng.random() < 0.5)


def web_killed(rig: Rig) -> None:
    rig.lab.kill("web", tree=rig.rng.random() < 0.5)


def web_restarted(rig: Rig) -> None:
    rig.lab.restart("web")


def child_frozen(rig: Rig) -> tuple[float, Release] | None:
    """Beyond its lease; then it goes on, as if nothing had been."""
    if not (found := rig.running()):
        return None
    pid = rig.rng.choice(found)[1]
    send(pid, signal.SIGSTOP)
    return FROZEN_SECONDS, lambda: _thaw([pid])


def child_stopped(rig: Rig) -> None:
    """For ever: somebody else must do its work, and take its place."""
    if found := rig.running():
        send(rig.rng.choice(found)[1], signal.SIGSTOP)


def worker_frozen(rig: Rig) -> tuple[float, Release]:
    rig.running()
    pids = rig.lab.pids(rig.workers()[-1])
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
    rig.redis.kill()
    web_is_up = quietly(lambda: rig.bystander.client.call("GET", "/health")[0] == 200)
    began = time.monotonic()
    taken = rig.work.submit(rig.bystander, KINDS["quick"])
    if web_is_up:
        rig.broker_answers.append((taken is not None, time.monotonic() - began))
    return 0.0, rig.redis.start


def postgres_restarted(rig: Rig) -> None:
    rig.postgres.restart_at_once()


def messages_doubled(rig: Rig) -> None:
    """Every message that reaches the queue in the next seconds is put into it again, twice."""
    until = time.monotonic() + DOUBLING_SECONDS
    threading.Thread(target=_double, args=(rig, until), daemon=True).start()
    for _run in range(3):
        rig.work.submit(rig.bystander, KINDS["quick"])


def _double(rig: Rig, until: float) -> None:
    again = rig.redis.client()
    watching = redis.Redis(port=rig.redis.port, socket_timeout=0.5)
    sent: set[str] = set()
    try:
        with watching.monitor() as monitor:
            while time.monotonic() < until:
                try:
                    command = monitor.next_command()["command"]
                except redis.TimeoutError:
                    return
                payload = command.removeprefix("LPUSH celery ")
                if payload != command and payload not in sent:
                    sent.add(payload)
                    for _time in range(2):
                        again.lpush("celery", payload)
    except redis.RedisError:
        return


def two_sweepers(rig: Rig) -> None:
    if rig.redis is None:
        sweep = "from algotrade.jobs import services\nfor _ in range(40): services.sweep()"
        for _sweeper in range(2):
            run_beside(rig.lab, sweep, 30)
        return
    app = Celery(broker=rig.redis.url)
    for _message in range(12):
        quietly(lambda: app.send_task("jobs.sweep", retry=False))


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
    rig.sockets.open_deaf(rig.work.people["ada"].cookie, 10)
    return DEAF_SECONDS, rig.sockets.close_deaf


def poison(name: str) -> Callable[[Rig], None]:
    def inject(rig: Rig) -> None:
        until_true(lambda: rig.work.submit(rig.poisoner, KINDS[name]) is not None, 10.0, every=0.5)

    return inject


def many_runs(rig: Rig) -> None:
    """One user submits many runs at once beside another user's one run."""
    person, kind = rig.crowd, KINDS["quick"]
    rig.work.submit(person, kind, follow=False)  # its strategy is made once
    counts = [rig.burst // BURST_THREADS] * BURST_THREADS
    threads = [threading.Thread(target=_several, args=(rig, count), daemon=True) for count in counts]
    for thread in threads:
        thread.start()
    if taken := rig.work.submit(rig.bystander, kind):
        rig.bystanders.append(taken)
    for thread in threads:
        thread.join(timeout=60)


def _several(rig: Rig, count: int) -> None:
    for _run in range(count):
        rig.work.submit(rig.crowd, KINDS["quick"], follow=False)


def _run_of_own(rig: Rig) -> tuple[int, Accepted] | None:
    """A strategy of its own and a run of it that has just begun."""
    number = rig.work.own_strategy(rig.bystander, KINDS["paced"])
    taken = rig.work.submit(rig.bystander, KINDS["paced"], strategy=number) if number else None
    if number is None or taken is None:
        return None
    until_true(lambda: taken.job in {row[0] for row in quietly(rig.record.running) or []}, 4.0)
    return number, taken


def strategy_edited(rig: Rig) -> None:
    if found := _run_of_own(rig):
        body = {"parameters": {"first": 500, "seconds": 0.0}}
        rig.bystander.ask("PATCH", f"/api/strategies/{found[0]}/", body)


def strategy_deleted(rig: Rig) -> None:
    if found := _run_of_own(rig):
        rig.bystander.ask("DELETE", f"/api/strategies/{found[0]}/")


def cancelled(rig: Rig) -> None:
    taken = rig.work.submit(rig.bystander, KINDS["long"])
    if taken and until_true(lambda: taken.job in {row[0] for row in quietly(rig.record.running) or []}, 6.0):
        rig.work.cancel(rig.bystander, taken)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("child_killed", "kill -9 of a worker's child", child_killed),
        Fault(
            "worker_killed", "kill -9 of a worker, or of its tree", worker_killed, "worker", embedded=False
        ),
        Fault("web_killed", "kill -9 of the web process, or of its tree", web_killed, "web"),
        Fault("web_restarted", "the web process restarted with open sockets", web_restarted, "web"),
        Fault("child_frozen", "SIGSTOP of a child past its lease, then it goes on", child_frozen, "freeze"),
        Fault("child_stopped", "SIGSTOP of a child for ever", child_stopped),
        Fault(
            "worker_frozen",
            "SIGSTOP of a worker past its leases",
            worker_frozen,
            "frozen worker",
            embedded=False,
        ),
        Fault("redis_killed", "Redis killed", redis_killed, "redis", embedded=False),
        Fault("redis_flushed", "Redis emptied", redis_flushed, "redis", embedded=False),
        Fault("redis_hung", "Redis hung", redis_hung, "redis", embedded=False),
        Fault(
            "broker_down_at_commit", "no broker at the commit", broker_down_at_commit, "redis", embedded=False
        ),
        Fault(
            "postgres_restarted",
            "PostgreSQL restarted at once",
            postgres_restarted,
            "postgres",
            embedded=False,
        ),
        Fault(
            "messages_doubled", "every message delivered thrice", messages_doubled, "redis", embedded=False
        ),
        Fault("two_sweepers", "many sweepers at once", two_sweepers),
        Fault("disk_full", "the disk full", disk_full, "disk"),
        Fault("socket_never_read", "clients that never read", socket_never_read, "deaf"),
        Fault("memory_bomb", "a memory bomb", poison("bomb")),
        Fault("crash", "a job that ends its process", poison("crash")),
        Fault("endless", "an infinite loop", poison("endless")),
        Fault(
            "many_runs",
            f"many runs of one user (quota {QUEUE_LIMIT}) beside another's one",
            many_runs,
            "web",  # while it is away nobody could submit
        ),
        Fault("cancelled", "a running job cancelled", cancelled),
        Fault("strategy_edited", "a strategy edited while it runs", strategy_edited),
        Fault("strategy_deleted", "a strategy deleted while it runs", strategy_deleted),
    )
}

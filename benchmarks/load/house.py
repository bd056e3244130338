"""The lab in full for one measurement: a database and a broker of its own, a web process, and workers where needed."""

import contextlib
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from algotrade.tests.e2e.processes import ROOT, Deployment
from benchmarks.faults.servers import Postgres, Redis

PLUGIN = "algotrade.tests.e2e.plugin"
UVICORN = ("--lifespan", "off", "--no-access-log", "--log-level", "warning")
MEGABYTE = 2**20


class House:
    """What one measurement works with."""

    def __init__(self, lab: Deployment, postgres: Postgres, redis: Redis, database: str, server: str) -> None:
        self.lab, self.postgres, self.redis = lab, postgres, redis
        self.database, self.server = database, server

    def start_web(self) -> None:
        """Start the web process, on the same port each time."""
        port = str(self.lab.port)
        if self.server == "uvicorn":
            words = ["uvicorn", "--host", "127.0.0.1", "--port", port, *UVICORN, "algotrade.asgi:application"]
        else:
            words = ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", port, "algotrade.asgi:application"]
        self.lab.start("web", words)

    def start_work(self) -> None:
        """Start one worker, and beat."""
        celery = ["celery", "-A", "algotrade"]
        self.lab.start("worker", [*celery, "worker", "-P", "threads", "-c", "2", "--without-gossip"])
        self.lab.start("beat", [*celery, "beat", "-S", "django_celery_beat.schedulers:DatabaseScheduler"])

    def ask(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Rows straight from the database."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(query, values or None).fetchall()

    def do(self, command: str) -> None:
        """A command that answers nothing."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(command)

    def web_megabytes(self) -> float:
        """Memory of the web process without its children."""
        pid = self.lab.processes["web"].pid
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE

    def web_seconds(self) -> float:
        """Processor time that the web process has used."""
        fields = Path(f"/proc/{self.lab.processes['web'].pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def house(folder: Path, *, server: str, **environment: str) -> Iterator[House]:
    """Everything started but the lab's own processes; everything ended afterwards."""
    postgres, redis = Postgres(folder), Redis(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(postgres.stop)
        postgres.start()
        stack.callback(redis.kill)
        redis.start()
        database = postgres.new_database("lab")
        lab = stack.enter_context(
            Deployment(
                folder,
                DATABASE_URL=database,
                REDIS_URL=redis.url,
                SECRET_KEY=uuid.uuid4().hex * 2,
                LAB_PLUGINS=PLUGIN,
                THROTTLE_USER="1000000/min",
                LIVE_PREVIEW="false",
                DATABASE_POOL="20",  # as the compose file gives it
                **environment,
            )
        )
        lab.environment.setdefault("NUMBA_CACHE_DIR", str(ROOT / "var" / "numba"))
        lab.run("python", "manage.py", "migrate", "--no-input", "-v", "0")
        yield House(lab, postgres, redis, database, server)

"""The suite's own PostgreSQL, Redis and small disk: on loopback, on free ports, gone when the suite has ended."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import redis

from algotrade.tests.e2e.processes import eventually, free_port

QUICK = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Missing(Exception):
    """This machine lacks something that the suite needs."""


def _as_root() -> list[str] | None:
    """The words before a command that wants root, or None where nobody may."""
    if os.geteuid() == 0:
        return []
    words = ["sudo", "-n"]
    allowed = shutil.which("sudo") and not subprocess.run([*words, "true"], check=False, **QUICK).returncode
    return words if allowed else None


class Postgres:
    """A PostgreSQL that can be ended as by a power cut and comes back with what was committed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgres"
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._before: list[str] = []

    def _program(self, name: str) -> str:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) or [Path(shutil.which(name) or "")]
        if not found[-1].is_file():
            raise Missing(f"There is no {name}: install PostgreSQL.")
        return str(found[-1])

    def start(self) -> None:
        self.folder.mkdir()
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self._before = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        made = ["-D", str(self.folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        self._run(self._program("initdb"), *made)
        # Without fsync a cut of the machine's own power could lose something, a killed server cannot.
        self._options = (
            f"-c listen_addresses=127.0.0.1 -p {self.port} -c unix_socket_directories='' -c fsync=off"
            " -c max_connections=200"
        )
        self._control("start", "-w", "-l", str(self.folder / "log"), "-o", self._options)

    def restart_at_once(self) -> None:
        """End it without a good-bye and start it again: open transactions are undone, connections die."""
        self._control("restart", "-m", "immediate", "-w", "-l", str(self.folder / "log"), "-o", self._options)

    def stop(self) -> None:
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            self._control("stop", "-m", "immediate", "-w")

    def new_database(self, name: str, template: str = "template0") -> str:
        """The address of a new database, a copy of another one.

        PostgreSQL writes down the numbers that a sequence hands out in advance, once for some thirty. A copied sequence
        believes that this was done; killed before the next checkpoint it would hand out the same numbers again.
        """
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            server.execute("CHECKPOINT")
        return self.url.rsplit("/", 1)[0] + f"/{name}"

    def _control(self, *words: str) -> None:
        self._run(self._program("pg_ctl"), "-D", str(self.folder), "-s", *words)

    def _run(self, *words: str) -> None:
        subprocess.run([*self._before, *words], check=True, timeout=60, cwd="/", **QUICK)


class Redis:
    """A Redis that keeps nothing, to be killed, emptied and frozen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "redis"
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise Missing("There is no redis-server: install Redis.")
        self.folder.mkdir(exist_ok=True)
        words = [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*words, "--dir", str(self.folder)], cwd="/", **QUICK)
        eventually(self._answers, seconds=15, what="Redis to answer", every=0.05)

    def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()

    def flush(self) -> None:
        self.client().flushall()

    def freeze(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, socket_timeout=5, socket_connect_timeout=2)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client().ping())
        return False


class SmallDisk:
    """A folder on a disk of its own, which can be filled to the last byte and emptied again."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._megabytes = megabytes
        self._root = _as_root()
        self.mounted = False

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        if self._root is None:
            raise Missing("A disk that can be full wants root, or sudo without a password.")
        size = f"size={self._megabytes}m,mode=777"
        words: Sequence[str] = [*self._root, "mount", "-t", "tmpfs", "-o", size, "chaos", str(self.folder)]
        if subprocess.run(words, check=False, **QUICK).returncode:
            raise Missing("This machine does not let us mount a small disk (tmpfs).")
        self.mounted = True

    def fill(self) -> None:
        block = b"\0" * 2**20
        with contextlib.suppress(OSError), (self.folder / "ballast").open("ab", buffering=0) as file:
            while True:
                file.write(block)
        with contextlib.suppress(OSError), (self.folder / "ballast").open("ab", buffering=0) as file:
            while True:
                file.write(block[:512])

    def empty(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def stop(self) -> None:
        if self.mounted:
            for _try in range(20):
                if not subprocess.run(
                    [*(self._root or []), "umount", str(self.folder)], check=False, **QUICK
                ).returncode:
                    self.mounted = False
                    return
                time.sleep(0.25)

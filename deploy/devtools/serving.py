"""Serving the lab on this machine: one server process with its job processes, and nothing left when it ends."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from devtools.environment import ROOT
from devtools.words import Stop, on_a_desktop, say, step, warn

HOST = "127.0.0.1"
PORTS_TRIED = 50
START_SECONDS = 90
STOP_SECONDS = 12
OWN_SESSION: dict[str, Any] = (
    {"start_new_session": True}
    if os.name == "posix"
    else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
)


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or ROOT / "var").resolve()


def lab_environment(**more: str) -> dict[str, str]:
    """What every process of the lab gets. A `.env` made for Docker Compose must not leak into these commands."""
    data_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    (data_dir() / "static").mkdir(exist_ok=True)
    env = dict(os.environ)
    env.setdefault("READ_DOT_ENV", "false")
    env.setdefault("NUMBA_CACHE_DIR", str(data_dir() / "numba"))
    env["DATA_DIR"] = str(data_dir())
    env["DJANGO_SETTINGS_MODULE"] = "algotrade.settings"
    env["PYTHONUNBUFFERED"] = "1"
    env.update(more)
    return env


@contextlib.contextmanager
def only_server() -> Iterator[None]:
    """Two embedded servers on one database would each see half of the events: the second one is refused."""
    folder = data_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "server.lock").open("a+") as file:
        if not _lock(file):
            file.seek(0)
            where = file.read().strip() or "another terminal"
            raise Stop(f"The lab is already running: {where}\nStop that one first, or use it.", 1)
        yield
        file.truncate(0)


def note_address(url: str) -> None:
    with contextlib.suppress(OSError):
        (data_dir() / "server.lock").write_text(url)


def _lock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows has no flock; there the second server is simply not noticed
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def reset() -> None:
    """Delete the lab's own database and files, and nothing else."""
    if os.environ.get("DATABASE_URL"):
        raise Stop(
            "--reset deletes only the lab's own SQLite database; unset DATABASE_URL or drop that one yourself."
        )
    folder = data_dir()
    names = ["lab.sqlite3", "lab.sqlite3-wal", "lab.sqlite3-shm", "media", "demo_logins.json"]
    present = [folder / name for name in names if (folder / name).exists() or (folder / name).is_symlink()]
    if not present:
        step(f"Nothing to reset in {folder}")
        return
    step("Deleting " + ", ".join(str(path) for path in present))
    for path in present:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def run_child(argv: list[str | Path], env: dict[str, str]) -> None:
    """Run one step of the start in a session of its own, so that stopping here stops all of it."""
    child = subprocess.Popen([str(part) for part in argv], cwd=ROOT, env=env, **OWN_SESSION)
    try:
        code = child.wait()
    except BaseException:
        _end(child)
        raise
    if code:
        raise Stop("The lab did not start: the lines above say why.", code if code > 0 else 1)


def free_port(first: int) -> int:
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with socket.socket() as probe:
            if os.name == "posix":  # a port in TIME_WAIT is free for a server
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise Stop(f"No port from {first} to {first + PORTS_TRIED - 1} is free: give another with --port.")


def serve(python: Path, first_port: int, *, browser: bool, logins: Path | None) -> int:
    """Serve until Ctrl-C, SIGTERM or the server's own end."""
    port = free_port(first_port)
    if port != first_port:
        say(f"    port {first_port} is taken; using {port}")
    step("Starting the server")
    daphne = [python, "-m", "daphne", "-v", "0", "-b", HOST, "-p", port, "algotrade.asgi:application"]
    child = subprocess.Popen([str(part) for part in daphne], cwd=ROOT, env=lab_environment(), **OWN_SESSION)
    try:
        url = f"http://{HOST}:{port}/"
        _wait_until_healthy(child, url)
        note_address(url)
        _announce(url, logins)
        if browser and on_a_desktop():
            webbrowser.open(url)
        code = child.wait()
    except KeyboardInterrupt:
        say("\n==> Stopping")
        _end(child)
        say("    stopped; everything is kept in " + str(data_dir()))
        return 0
    finally:
        _end(child)
    warn(f"The server ended by itself with code {code}; the lines above say why.")
    return code if code > 0 else 1


def _wait_until_healthy(child: "subprocess.Popen[bytes]", url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if child.poll() is not None:
            raise Stop("The server ended while starting: the lines above say why.", 1)
        with contextlib.suppress(OSError, ValueError):
            # No proxy may stand between this machine and itself.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(url + "health", timeout=2) as answer:
                if json.load(answer).get("status") == "ok":
                    return
        time.sleep(0.1)
    raise Stop(f"The server did not answer at {url}health within {START_SECONDS} seconds.", 1)


def _announce(url: str, logins: Path | None) -> None:
    say()
    say(f"    AlgoTrade Lab is running at {url}")
    if logins is None:
        say(
            f"    Register at {url}account/register/ ; make a staff account with ./dev manage createsuperuser"
        )
    else:
        for login in json.loads(logins.read_text()):
            note = f"   (staff: {url}admin/)" if login["staff"] else ""
            say(f"    log in as {login['username']:<8} password {login['password']}{note}")
    say(f"    API: {url}api/docs/")
    say("    Ctrl-C stops it.")
    say()


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ask the process to stop, then make sure that its whole group is gone."""
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=STOP_SECONDS)
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
        child.wait()

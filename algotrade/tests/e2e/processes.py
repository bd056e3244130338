"""The lab as real processes for tests: started with the commands a deployment uses, talked to over its ports."""

import contextlib
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "a-long-test-password"
HANDED_ON = ("PATH", "HOME", "LANG", "NUMBA_CACHE_DIR", "VIRTUAL_ENV", "TMPDIR", "SYSTEMROOT")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(check: Callable[[], Any], *, seconds: float, what: str, every: float = 0.1) -> Any:
    """The first true answer of `check`, or a failed test that says what was waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := check():
            return answer
        time.sleep(every)
    raise AssertionError(f"Waited {seconds} s in vain for: {what}")


def command_of(service: str, port: int) -> list[str]:
    """The command that docker-compose.yml gives this service, on a port that is free here and on loopback only."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    changed = {"8000": str(port), "0.0.0.0": "127.0.0.1"}
    return [changed.get(word, word) for word in compose["services"][service]["command"]]


class Deployment:
    """Processes that share one environment, each in a session of its own, with its output in a file."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
        scripts = str(Path(sys.executable).parent)
        self.environment |= {
            "PATH": scripts + os.pathsep + os.environ.get("PATH", ""),
            "DATA_DIR": str(folder),
            "READ_DOT_ENV": "false",
            "PYTHONUNBUFFERED": "1",
            "THROTTLE_ANON": "10000/min",
            "THROTTLE_AUTH": "10000/min",
            "JOB_WORKERS": "2",
            **environment,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Deployment":
        return self

    def __exit__(self, *raised: Any) -> None:
        self.stop()

    def run(self, *argv: str, seconds: float = 120) -> str:
        """Run a command to its end in the deployment's environment; its output, or a failed test."""
        done = subprocess.run(
            argv, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )
        assert done.returncode == 0, f"{argv} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, name: str, argv: Sequence[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(word) for word in argv],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.processes[name]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_until_ready(self, *, seconds: float = 90) -> dict[str, Any]:
        """Until every part says that it can do its work."""

        def ask() -> Any:
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended:\n{self.log(name)}"
            with contextlib.suppress(OSError):
                status, body = Client(self).call("GET", "/health/ready")
                return body if status == 200 else None
            return None

        return eventually(ask, seconds=seconds, what="/health/ready to be content", every=0.2)

    def stop(self, *, seconds: float = 20) -> list[int]:
        """Ask all processes to end as an operator would (SIGTERM). Returns what had to be killed."""
        sessions = [process.pid for process in self.processes.values()]
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + seconds
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, until - time.monotonic()))
        # Python's own helper of the job processes notices a moment later that its parent has gone.
        while members(sessions) and time.monotonic() < until + 3:
            time.sleep(0.1)
        left = members(sessions)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes.values():
            process.wait()
        self.processes.clear()
        return left


def members(sessions: Sequence[int]) -> list[int]:
    """Living processes that belong to one of these sessions."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,sess=,stat="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [
        int(pid) for pid, session, state in rows if int(session) in sessions and not state.startswith("Z")
    ]


class Client:
    """A script or a browser without a screen: JSON with a bearer token, and forms with a session."""

    def __init__(self, lab: Deployment) -> None:
        self.lab = lab
        self.token = self.request_id = ""
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of one API call."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.lab.url + path, data=data, method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if self.request_id:
            request.add_header("X-Request-ID", self.request_id)
        try:
            with self._opener.open(request, timeout=20) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text.startswith((b"{", b"[")) else text.decode()

    def register(self, username: str) -> None:
        """Make an account by the API and keep its access token."""
        body = {"username": username, "email": f"{username}@lab.example.org", "password": PASSWORD}
        status, answer = self.call("POST", "/api/auth/register", body)
        assert status == 201, answer
        status, answer = self.call("POST", "/api/auth/login", {"username": username, "password": PASSWORD})
        assert status == 200, answer
        self.token = answer["access"]

    def open_session(self, username: str) -> str:
        """Log in on the page and return the cookies, which open sockets."""
        page = self._opener.open(self.lab.url + "/account/login/", timeout=20).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = {"csrfmiddlewaretoken": token, "username": username, "password": PASSWORD}
        sent = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.lab.url + "/account/login/?next=/health", data=sent)  # noqa: S310
        request.add_header("Referer", self.lab.url + "/account/login/")
        self._opener.open(request, timeout=20).read()
        assert "sessionid" in {cookie.name for cookie in self.cookies}
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)

"""The commands of ./dev."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from devtools import checks, environment, serving
from devtools.words import Stop, say, step, warn

DEFAULT_PORT = 8000
MANUAL = """\
AlgoTrade Lab

  ./dev demo  [--port N] [--no-browser] [--reset]   set up, fill with sample data, serve on this machine
  ./dev serve [--port N] [--no-browser]             the same without sample data
  ./dev test  [arguments for pytest]                run the tests
  ./dev check                                       style, types, import directions, migrations, settings, known holes
  ./dev manage COMMAND ...                          any Django command, e.g. createsuperuser
  ./dev setup                                       only make the environment, with the development tools
  ./dev lock  [--upgrade]                           make requirements*.txt from requirements*.in (needs uv)
  ./dev help                                        this text

Where no ./ is possible (Windows): python dev demo
Variables: LAB_VENV (folder of the environment), LAB_NO_UV=1 (use pip even when uv is here),
DATA_DIR (database, files and keys; default var/), DATABASE_URL and REDIS_URL (see docs/operations.md).
"""


def main(arguments: Sequence[str]) -> int:
    signal.signal(signal.SIGINT, _interrupt)  # also where a shell started us in the background, deaf to it
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, _interrupt)
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("help", [])
    commands = {
        "demo": demo,
        "serve": serve,
        "test": test,
        "check": check,
        "manage": manage,
        "setup": setup,
        "lock": lock,
        "help": show_help,
    }
    chosen = show_help if command in {"-h", "--help"} else commands.get(command)
    if chosen is None:
        warn(f"There is no command {command!r}.\n\n{MANUAL}")
        return 2
    try:
        return chosen(rest)
    except Stop as stop:
        warn(str(stop))
        return stop.code
    except KeyboardInterrupt:
        warn("\nStopped.")
        return 130


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def show_help(rest: list[str]) -> int:
    say(MANUAL)
    return 0


def demo(rest: list[str]) -> int:
    options = _options("demo", rest, resettable=True)
    with serving.only_server():
        if options.reset:
            serving.reset()
        python = environment.ensure(environment.RUNTIME)
        _say_where()
        step("Preparing the database and the sample data")
        quiet = serving.lab_environment(LOG_LEVEL="WARNING")
        serving.run_child([python, "manage.py", "demo"], quiet)
        logins = serving.data_dir() / "demo_logins.json"
        return serving.serve(python, options.port, browser=not options.no_browser, logins=logins)


def serve(rest: list[str]) -> int:
    options = _options("serve", rest)
    with serving.only_server():
        python = environment.ensure(environment.RUNTIME)
        _say_where()
        step("Preparing the database")
        serving.run_child(
            [python, "manage.py", "migrate", "--no-input", "-v", "0"], serving.lab_environment()
        )
        return serving.serve(python, options.port, browser=not options.no_browser, logins=None)


def test(rest: list[str]) -> int:
    python = environment.ensure(environment.DEVELOPMENT)
    return _hand_over([python, "-m", "pytest", *rest], serving.lab_environment())


def check(rest: list[str]) -> int:
    _no_more("check", rest)
    return checks.run_all(environment.ensure(environment.DEVELOPMENT))


def manage(rest: list[str]) -> int:
    python = environment.ensure(environment.RUNTIME)
    return _hand_over([python, "manage.py", *rest], serving.lab_environment())


def setup(rest: list[str]) -> int:
    _no_more("setup", rest)
    python = environment.ensure(environment.DEVELOPMENT)
    say(f"The environment is ready: {python}")
    return 0


def lock(rest: list[str]) -> int:
    """Both locks from their lists; the development lock takes the run-time lock's versions."""
    uv = shutil.which("uv")
    if uv is None:
        raise Stop("Locking needs uv: see https://docs.astral.sh/uv/ for how to install it.")
    base = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        *rest,
    ]
    for source, more, target in [
        ("requirements.in", [], environment.RUNTIME),
        ("requirements-dev.in", ["-c", environment.RUNTIME], environment.DEVELOPMENT),
    ]:
        step(f"Locking {target}")
        code = subprocess.run(
            [*base, source, *more, "-o", target], cwd=environment.ROOT, check=False
        ).returncode
        if code:
            return code
    return 0


def _options(command: str, rest: list[str], *, resettable: bool = False) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"dev {command}")
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="first port to try (default 8000)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    if resettable:
        parser.add_argument(
            "--reset", action="store_true", help="delete the lab's own database and files first"
        )
    return parser.parse_args(rest)


def _port(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535")


def _no_more(command: str, rest: list[str]) -> None:
    if rest:
        raise Stop(f"dev {command} takes no arguments (given: {' '.join(rest)}).")


def _say_where() -> None:
    for name, what in [("DATABASE_URL", "database"), ("REDIS_URL", "broker")]:
        if os.environ.get(name):
            host = os.environ[name].rsplit("@", 1)[-1].rsplit("//", 1)[-1]
            say(f"    {what} from {name}: {host}")


def _hand_over(argv: list[Any], env: dict[str, str]) -> int:
    """Become the other program, so that signals and the exit code are its own."""
    words = [str(part) for part in argv]
    os.chdir(environment.ROOT)
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(words[0], words, env)  # noqa: S606
    return subprocess.run(words, env=env, cwd=Path.cwd(), check=False).returncode

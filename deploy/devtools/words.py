"""Telling a person at a terminal what happens: steps, and commands whose output only matters when they fail."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

QUIET_SECONDS = 4.0
SHOWN_ON_FAILURE = 25
PROGRESS_WORDS = ("Collecting", "Downloading", "Processing", "Building", "Preparing", "Installing")


class Stop(Exception):
    """Something the user has to know or do; its text is all that is printed."""

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code


def say(text: str = "") -> None:
    print(text, flush=True)


def step(text: str) -> None:
    say(f"==> {text}")


def warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run_quietly(argv: Sequence[str | Path], *, cwd: Path, env: dict[str, str] | None = None) -> None:
    """Run a command; show every few seconds what it is doing, and its last lines when it fails."""
    started = time.monotonic()
    lines: deque[str] = deque(maxlen=200)
    child = subprocess.Popen(
        [str(part) for part in argv],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    reader = threading.Thread(target=_collect, args=(child, lines), daemon=True)
    reader.start()
    try:
        while True:
            try:
                child.wait(timeout=QUIET_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"    {time.monotonic() - started:4.0f} s  {_doing(lines)}")
    except BaseException:
        child.terminate()
        child.wait()
        raise
    reader.join(timeout=5)
    if child.returncode:
        tail = "\n".join(f"    {line}" for line in list(lines)[-SHOWN_ON_FAILURE:])
        command = " ".join([Path(str(argv[0])).name, *map(str, argv[1:])])
        raise Stop(f"{command}\nended with code {child.returncode}:\n{tail}", child.returncode)


def _doing(lines: "deque[str]") -> str:
    """The last line that tells of progress: pip warns and clears up in between, and goes on installing unsaid."""
    told = list(lines)
    step = next((line.strip() for line in reversed(told) if line.strip().startswith(PROGRESS_WORDS)), "")
    last = step.partition(": ")[0] if step.startswith("Installing") else step
    return (last or (told[-1].strip() if told else "working"))[:90]


def _collect(child: "subprocess.Popen[str]", lines: "deque[str]") -> None:
    for line in child.stdout or ():
        if line.strip():
            lines.append(line.rstrip())


def on_a_desktop() -> bool:
    """May a browser window be opened here? Not over SSH, not in CI, not without a screen."""
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY") or os.environ.get("CI"):
        return False
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

"""The Python environment: made from a hashed lock, remembered by the lock's checksum, mended after an interruption.

While packages are being installed a marker file stands in the environment. Whoever finds a marker whose process is
gone knows that the set-up was cut off and makes the environment anew; nothing half-installed is ever used.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from devtools.words import Stop, run_quietly, say, step

ROOT = Path(__file__).resolve().parents[2]
# The newest Python for which every locked package has a built wheel (numpy 2.4.6 is the limit; in tests TA-Lib 0.8.2).
NEWEST = (3, 14)
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
STAMP = ".lab-stamp.json"
MARKER = ".lab-setup-in-progress"
WAIT_FOR_OTHER_SECONDS = 900


def directory() -> Path:
    return Path(os.environ.get("LAB_VENV") or ROOT / ".venv").resolve()


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure(lock: str) -> Path:
    """The environment's Python, with everything `lock` names installed. Costs milliseconds when nothing changed."""
    venv = directory()
    if _is_current(venv, lock):
        return python_of(venv)
    _refuse_new_python()
    _wait_for_other_setup(venv)
    if _is_current(venv, lock):
        return python_of(venv)
    started = time.monotonic()
    _prepare_folder(venv)
    (venv / MARKER).write_text(str(os.getpid()))
    (venv / STAMP).unlink(missing_ok=True)
    uv = _uv()
    _create(venv, uv)
    _install(venv, lock, uv)
    _write_stamp(venv, lock)
    (venv / MARKER).unlink()
    say(f"    ready after {time.monotonic() - started:.0f} s")
    return python_of(venv)


def _digest(lock: str) -> str:
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def _is_current(venv: Path, lock: str) -> bool:
    """Does the stamp name this lock as it is now? The development lock contains the run-time one."""
    if (venv / MARKER).exists() or not python_of(venv).exists():
        return False
    try:
        stamp = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return False
    fitting = {DEVELOPMENT, lock}
    return stamp.get("lock") in fitting and stamp.get("sha256") == _digest(stamp["lock"])


def _write_stamp(venv: Path, lock: str) -> None:
    draft = venv / f"{STAMP}.draft"
    draft.write_text(json.dumps({"lock": lock, "sha256": _digest(lock), "python": sys.version.split()[0]}))
    draft.replace(venv / STAMP)


def _refuse_new_python() -> None:
    if sys.version_info[:2] <= NEWEST:
        return
    older = [f"python3.{minor}" for minor in range(NEWEST[1], 10, -1)]
    found = [name for name in older if shutil.which(name)]
    remedy = f"Run it with one that is here: {found[0]} dev ..." if found else "Install Python 3.13."
    raise Stop(
        f"Python {sys.version_info[0]}.{sys.version_info[1]} is newer than the locked packages support: numpy and "
        f"numba are built for Python 3.11 to {NEWEST[0]}.{NEWEST[1]}.\n{remedy}"
    )


def _wait_for_other_setup(venv: Path) -> None:
    """Another `dev` may be installing into the same folder just now: wait for it rather than tread on it."""
    until = time.monotonic() + WAIT_FOR_OTHER_SECONDS
    told = False
    while (owner := _marker_owner(venv)) and _is_running(owner):
        if not told:
            step(f"Waiting for the set-up that process {owner} is doing")
            told = True
        if time.monotonic() > until:
            raise Stop(f"Process {owner} is still setting up {venv}. End it, or delete {venv / MARKER}.")
        time.sleep(0.5)


def _marker_owner(venv: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int((venv / MARKER).read_text())
    return 0


def _is_running(pid: int) -> bool:
    if os.name == "nt" or pid == os.getpid():
        return False  # asking would end the process on Windows; there an interrupted set-up is simply redone
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # One that was killed and that nobody has waited for yet still has its number.
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def _prepare_folder(venv: Path) -> None:
    """An empty folder, or an environment that can be used; what an interrupted set-up left is removed."""
    if (venv / MARKER).exists():
        step("The last set-up was interrupted; making the environment anew")
        shutil.rmtree(venv)
    if venv.is_dir() and any(venv.iterdir()):
        if not (venv / "pyvenv.cfg").exists():
            raise Stop(
                f"{venv} is not a Python environment and not empty. Point LAB_VENV at another folder or remove it."
            )
        if not _python_works(venv):
            step("The environment's Python is gone; making the environment anew")
            shutil.rmtree(venv)
    venv.mkdir(parents=True, exist_ok=True)


def _python_works(venv: Path) -> bool:
    check = f"import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= {NEWEST})"
    argv = [python_of(venv), "-c", check]
    with contextlib.suppress(OSError):
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0
    return False


def _uv() -> str | None:
    """uv, when it is on the PATH and answers (a version manager's shim may not)."""
    found = shutil.which("uv")
    if found and not os.environ.get("LAB_NO_UV"):
        with contextlib.suppress(OSError):
            if subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
                return found
    return None


def _create(venv: Path, uv: str | None) -> None:
    if (venv / "pyvenv.cfg").exists() and _python_works(venv):
        return
    version = ".".join(map(str, sys.version_info[:2]))
    step(f"Making a Python {version} environment in {venv}")
    if uv:
        run_quietly([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, venv], cwd=ROOT)
        return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        shutil.rmtree(venv)
        raise Stop(
            f"This Python ({sys.executable}) has no venv and pip of its own.\n"
            f"Debian, Ubuntu: sudo apt install python{version}-venv    (Fedora: sudo dnf install python3-pip)\n"
            "Or install uv (https://docs.astral.sh/uv/), which needs neither. Then run the same command again."
        )
    run_quietly([sys.executable, "-m", "venv", venv], cwd=ROOT)


def _install(venv: Path, lock: str, uv: str | None) -> None:
    count = sum(1 for line in (ROOT / lock).read_text().splitlines() if line[:1].isalnum())
    step(f"Installing {count} locked packages with {'uv' if uv else 'pip'} (needed once; a minute or two)")
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    python = python_of(venv)
    if uv:
        argv = [uv, "pip", "install", "--python", python, "--require-hashes", "-r", ROOT / lock]
    else:
        pip = [python, "-m", "pip", "install", "--no-input", "--progress-bar", "off", "--require-hashes"]
        argv = [*pip, "-r", ROOT / lock]
    run_quietly(argv, cwd=ROOT, env=environment)

"""The environment of the other tools, apart from the product's, and what machine all this ran on."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
PEERS = (
    "vectorbt",
    "vectorbt-rust",
    "raptorbt",
    "backtesting",
    "backtrader",
    "quantstats",
    "empyrical-reloaded",
)
_LIST = "import importlib.metadata as m; print(*(d.name + '==' + d.version for d in m.distributions()), sep='\\n')"


@dataclass(frozen=True)
class PeerEnvironment:
    """Where the other tools are installed, which ones, and why others are not."""

    python: Path
    versions: dict[str, str]
    missing: dict[str, str]


def build(folder: Path) -> PeerEnvironment:
    """Install the pinned tools into `folder`, or take them from there when the pins have not changed."""
    python = folder / "bin" / "python"
    stamp = folder / "pins.sha256"
    pins = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    failed: dict[str, str] = {}
    if not (stamp.is_file() and stamp.read_text() == pins and python.exists()):
        print(f"Installing the other tools into {folder} ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        failed = _install(folder, python)
        if not failed:
            stamp.write_text(pins)
    versions = _versions(python)
    missing = {name: failed.get(name, "not installed") for name in PEERS if name not in versions}
    return PeerEnvironment(python, versions, missing)


def _install(folder: Path, python: Path) -> dict[str, str]:
    """Return what could not be installed and why; everything at once first, then tool by tool."""
    uv = shutil.which("uv")
    make = [uv, "venv", "-q", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    subprocess.run([*make, str(folder)], check=True)
    install = [uv, "pip", "install", "-q", "--python", str(python)] if uv else [
        str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check",
    ]  # fmt: skip
    whole = subprocess.run([*install, "-r", str(REQUIREMENTS)], capture_output=True, text=True, check=False)
    if whole.returncode == 0:
        return {}
    failed = {}
    pinned = dict(line.split("==") for line in REQUIREMENTS.read_text().splitlines() if "==" in line)
    for name in PEERS:
        command = [*install, "-c", str(REQUIREMENTS), f"{name}=={pinned[name]}"]
        one = subprocess.run(command, capture_output=True, text=True, check=False)
        if one.returncode:
            failed[name] = one.stderr.strip().splitlines()[-1][:200] if one.stderr.strip() else "failed"
    return failed


def _versions(python: Path) -> dict[str, str]:
    listed = subprocess.run([str(python), "-c", _LIST], capture_output=True, text=True, check=True).stdout
    pairs = (line.split("==") for line in listed.split())
    return {name.lower().replace("_", "-"): version for name, version in pairs}


def product_versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("numpy", "numba", "TA-Lib")}


def machine() -> str:
    """Processor, cores, memory, system, Python and the load at this moment, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB; {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}; load {os.getloadavg()[0]:.1f} at the start; {time.strftime('%Y-%m-%d')}"
    )


def available_gigabytes() -> float:
    """Memory that can be had without swapping, in GB."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024 / 1e9
    return float("nan")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"

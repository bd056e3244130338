"""Where jobs keep finished units: DATA_DIR/checkpoints/<job>/<fingerprint>/<unit>.

They stay while the job waits or runs, over all its attempts, and go when it ends, whichever way: a job that its owner
tries again begins anew, because they may have doubted exactly what was kept. The name of the folder holds what the
handler says its result depends on and all our code, the versions of the numerical libraries and the kind of processor:
work of another release or machine is not met.
"""

import hashlib
import logging
import platform
import shutil
import sys
import uuid
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from algotrade.checkpoints import FolderCheckpoints, fingerprint_of
from algotrade.env import BASE_DIR

logger = logging.getLogger(__name__)

OURS = ("algotrade", "marketdata", "strategies", "mlmodels", "backtests")
LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "pandas", "scikit-learn", "xgboost", "optuna", "TA-Lib")
_NAME_LENGTH = 40


def of_job(job_id: uuid.UUID | str, fingerprint: str) -> FolderCheckpoints:
    """The units of a job that depend on exactly this."""
    name = fingerprint_of(inputs=fingerprint, code=code_version())[:_NAME_LENGTH]
    return FolderCheckpoints(_folder(job_id) / name)


def discard(job_id: uuid.UUID | str) -> None:
    """Remove whatever a job has kept; it has ended. Never raises: what stays is removed as an orphan."""
    shutil.rmtree(_folder(job_id), ignore_errors=True)


def job_ids() -> list[uuid.UUID]:
    """The jobs that have kept something."""
    root = Path(settings.CHECKPOINT_ROOT)
    found = []
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            found.append(uuid.UUID(folder.name))
        except ValueError:
            logger.warning("%s is no checkpoint of a job; nobody will use it", folder)
    return found


@cache
def code_version() -> str:
    """What computes: our sources and the operator's plug-ins, the libraries, the processor."""
    digest = hashlib.sha256()
    for file in _sources():
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    versions = {name: _version_of(name) for name in LIBRARIES}
    return fingerprint_of(
        sources=digest.hexdigest(), libraries=versions, python=sys.version, processor=_processor()
    )


def _sources() -> list[Path]:
    files = [
        file
        for package in OURS
        for file in sorted((BASE_DIR / package).rglob("*.py"))
        if "tests" not in file.parts and "migrations" not in file.parts
    ]
    for plugin in settings.PLUGINS:
        spec = find_spec(plugin)
        if spec is None:
            continue
        if spec.submodule_search_locations is not None:
            files += [
                file
                for place in spec.submodule_search_locations
                for file in sorted(Path(place).rglob("*.py"))
            ]
        elif spec.origin is not None:
            files.append(Path(spec.origin))
    return files


def _version_of(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    """Numerical libraries choose their instructions by it, and with them the last digits."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return "; ".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def _folder(job_id: uuid.UUID | str) -> Path:
    return Path(settings.CHECKPOINT_ROOT) / str(uuid.UUID(str(job_id)))

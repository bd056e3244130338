"""Small facts about operating-system processes."""

import ctypes
import os
import platform
import sys
import time
from pathlib import Path

PARENT_CHECK_SECONDS = 1.0
PARENT_HAS_GONE = 3
"""How a process ends whose parent did."""
# Numerical libraries would each start a thread a core in each child; two jobs on two cores must not thrash.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
# Two settings of glibc's `mallopt`, and what we set them to. What is larger than the second is always given back.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
KEPT_BYTES, OWN_MAPPING_BYTES = 128 * 1024**2, 64 * 1024**2


def compute_in_one_thread() -> None:
    """Have numerical libraries of this process's children use one thread, unless the operator said otherwise."""
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")


def end_with_parent(parent: int) -> None:
    """Runs in a thread of a child: a parent that died without a word (kill -9) must not leave it behind."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(PARENT_HAS_GONE)


def pid_exists(pid: int) -> bool:
    """Is a process with this number running? On Windows we cannot ask cheaply, so the lease decides there."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def limit_memory(megabytes: int) -> None:
    """Cap this process's address space, so that a memory bomb meets MemoryError instead of the machine."""
    if megabytes <= 0 or not sys.platform.startswith("linux"):
        return
    import resource

    limit = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def resident_mb() -> float:
    """Memory of this process that files do not back, in megabytes; 0 where the system does not tell (not Linux)."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


def keep_freed_memory() -> bool:
    """Let this process keep up to 128 MB that it has freed, for its next arrays; say whether that is possible here.

    By default freed arrays go back to the system at once, and each run pays anew for the first touch of every page: a
    third of the time of a run of a million bars, and several times that on a virtual machine whose host takes unused
    pages away.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # Some versions take half of it only. Without the first setting, the second one alone would make things slower.
    taken = any(mallopt(MMAP_THRESHOLD, size) for size in (OWN_MAPPING_BYTES, OWN_MAPPING_BYTES // 2))
    return taken and bool(mallopt(TRIM_THRESHOLD, KEPT_BYTES))

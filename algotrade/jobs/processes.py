"""Small facts about operating-system processes."""

import os
import sys


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

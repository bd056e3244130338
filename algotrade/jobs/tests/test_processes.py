"""What a process of the lab asks of the operating system."""

import platform
import subprocess
import sys

import pytest

from algotrade.jobs import processes

FREED = """
import numpy, pathlib, sys
from algotrade.jobs.processes import keep_freed_memory
def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096
if sys.argv[1] == "keep":
    assert keep_freed_memory()
arrays = [numpy.ones(2**21) for _ in range(2)]
held = resident()
del arrays
print(held - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_a_process_keeps_what_it_freed_for_its_next_arrays():
    given_back = {
        way: int(subprocess.check_output([sys.executable, "-c", FREED, way], text=True))
        for way in ("give back", "keep")
    }
    assert given_back["give back"] > 15 * 2**20
    assert given_back["keep"] < 2**20


LEFT_ALONE = """
from multiprocessing import Pipe
from algotrade.jobs.child import sender
pool, own = Pipe()
pool.close()
sender(own)("event", 1, {})
print("goes on")
"""


def test_a_process_whose_pool_was_killed_ends_instead_of_failing_its_job():
    left = subprocess.run([sys.executable, "-c", LEFT_ALONE], capture_output=True, text=True)
    assert (left.returncode, left.stdout) == (processes.PARENT_HAS_GONE, "")

"""Work in another thread: its outcome, its error, a fork, and the end of the interpreter."""

import os
import subprocess
import sys
import threading

import pytest

from algotrade.aside import WORTH_A_THREAD, aside

FORKED = """
import os
from algotrade.aside import WORTH_A_THREAD, aside
assert aside(lambda: 1, WORTH_A_THREAD)() == 1
child = os.fork()
if not child:
    os._exit(aside(lambda: 7, WORTH_A_THREAD)())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
LATE = """
import threading, time
from algotrade.aside import WORTH_A_THREAD, aside
aside(lambda: 1, WORTH_A_THREAD)()
def late():
    threading.main_thread().join()
    print(aside(lambda: 7, WORTH_A_THREAD)(), flush=True)
threading.Thread(target=late).start()
"""


def test_only_large_work_is_done_elsewhere():
    here = threading.get_ident()
    assert aside(threading.get_ident, WORTH_A_THREAD - 1)() == here
    assert aside(threading.get_ident, WORTH_A_THREAD)() != here


def test_an_error_is_raised_where_the_outcome_is_asked_for():
    outcome = aside(lambda: 1 / 0, WORTH_A_THREAD)
    with pytest.raises(ZeroDivisionError):
        outcome()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("program", [FORKED, LATE], ids=["in a fork", "after the main thread"])
def test_it_works_where_the_threads_are_gone(program):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "7"

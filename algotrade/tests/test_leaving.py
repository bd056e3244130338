"""A server that was asked to end does end, whatever its requests wait for."""

import subprocess
import sys

import pytest

SERVER = """
import asyncio, concurrent.futures, threading
from algotrade import leaving

leaving.LOOK_SECONDS = leaving.LAST_SECONDS = 0.1
leaving.BY_ITSELF_SECONDS = {by_itself}
loop = asyncio.new_event_loop()
requests = concurrent.futures.ThreadPoolExecutor(1)

def request():
    # As a view that waits for its answer from the loop, which has no time for it any more.
    loop.call_soon_threadsafe(loop.stop)
    threading.Event().wait({wait})

async def serve():
    leaving.leave_after(loop, lambda: print("put away", flush=True))
    requests.submit(request)

loop.create_task(serve())
loop.run_forever()
"""


@pytest.mark.parametrize(
    ("wait", "by_itself", "said"), [(None, 0.1, "put away"), (0.0, 10.0, "")], ids=["a stuck request", "none"]
)
def test_a_stopped_server_ends_soon(wait, by_itself, said):
    done = subprocess.run(
        [sys.executable, "-c", SERVER.format(wait=wait, by_itself=by_itself)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == said

"""The command: see the package's own words."""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load import broker, flood, reading, restart, rooms
from benchmarks.load.house import house
from benchmarks.load.report import Row, table
from benchmarks.page import put_section

MEASUREMENTS = {
    "rooms": rooms.measure,
    "flood": flood.measure,
    "broker": broker.measure,
    "restart": restart.measure,
    "reading": reading.measure,
}
HEADING = "## Under load"
ABOUT = """
```sh
.venv/bin/python -m benchmarks.load --write
```

PostgreSQL, Redis and the lab in full on one machine, with the measuring clients beside them. A delay is from publishing
an event in another process to its arrival at a listener. A figure without a goal is reported only.

Two things once made 95 % of the delays 30 times as long, with either server: before each message to each socket
Channels closes old database connections, in a thread, and each socket asked on its own whether it may still listen.
News go straight on now (`JobConsumer.dispatch`), and what many sockets ask is asked together
(`algotrade/together.py`).

Daphne is not the limit, so it serves the full deployment: 500 sockets for 20 s, one after the other on a quiet
machine, cost it 32 % of a core with 95 % of the delays within 31 ms, and uvicorn (`--server uvicorn`) 29 % and 15 ms;
beside 50 sockets that never read 18 and 12 ms.
"""


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m benchmarks.load")
    words.add_argument("--only", default=",".join(MEASUREMENTS), help="names, separated by commas")
    words.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    words.add_argument("--short", action="store_true", help="a first look")
    words.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    asked = words.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_args: sys.exit(1)
    )  # whoever ends it early leaves no process behind
    rows: list[Row] = []
    for name in asked.only.split(","):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="lab-load-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)  # the database's own user must get through
            with house(Path(folder).resolve(), server=asked.server) as place:
                try:
                    found = MEASUREMENTS[name](place, short=asked.short)
                except BaseException:
                    for process in place.lab.processes:
                        print(f"-- {process}:\n{place.lab.log(process)[-3000:]}", file=sys.stderr)
                    raise
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
        print(table(found), file=sys.stderr)
        rows += found
    where = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"{asked.server}, one process; Python {platform.python_version()}; PostgreSQL and Redis on the same machine"
    )
    print(f"\n{where}\n\n{table(rows)}")
    if asked.write:
        put_section(HEADING, f"{ABOUT}\n{where}:\n\n{table(rows)}\n")
    return 0 if all(row.reached is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""A process that runs the cases of one engine, asked by lines of JSON: `python -m benchmarks.peers.serve ENGINE`.

Standard output carries the answers alone; what a library prints goes to standard error.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

from benchmarks.peers.cases import Prepared

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
clock = CLOCKS[os.environ.get("PEERS_CLOCK", "wall")]


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    module = importlib.import_module(f"benchmarks.peers.cases.{sys.argv[1]}")
    ready: dict[str, Prepared] = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _answer(module, ready, request)
        except Exception as error:  # any failure of a peer is an answer, not the end of the comparison
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")


def _answer(module: Any, ready: dict[str, Prepared], request: dict[str, Any]) -> dict[str, Any]:
    key = json.dumps([request["case"], request["arguments"]])
    if key not in ready:
        ready[key] = module.CASES[request["case"]](request["arguments"])
    case = ready[key]
    if request["do"] == "facts":
        started = clock()
        result = case.run()
        seconds = clock() - started
        return {"facts": dict(case.facts(result)), "first_seconds": seconds}
    gc.collect()
    return {"seconds": _timed(case, request["seconds"], request["most"]), "peak_mb": peak_megabytes()}


def _timed(case: Prepared, seconds: float, most: int) -> list[float]:
    """Time calls until `seconds` are used up or `most` were made; at least one."""
    times: list[float] = []
    while not times or (sum(times) < seconds and len(times) < most):
        started = clock()
        result = case.run()
        times.append(clock() - started)
        del result  # freeing is not part of the work, and two results at once would double the memory
    return times


def peak_megabytes() -> float:
    """The most memory that this process has held so far, in MB (10^6 bytes)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")


if __name__ == "__main__":
    main()

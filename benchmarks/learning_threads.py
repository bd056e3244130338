"""Two fittings at once on one machine: each with one thread, as the lab fits, and with as many as the library takes.

python -m benchmarks.learning_threads [rows]

Prints seconds from the start of the first to the end of the last of two fittings in two processes, and the ratio.
Above 1 the threads of the two get in each other's way.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from contextlib import nullcontext

import numpy as np

ROWS = 30_000
FEATURES = 20
ROUNDS = 2
CASES = {
    "histogram_boosting": {"trees": 30},
    "logistic_regression": {"strength": 100.0},
}


def work(algorithm: str, limited: bool, rows: int, gate, times) -> None:
    """One job: waits for the other at the gate, fits, and tells when it began and ended."""
    from mlmodels.algorithms import get_algorithm
    from mlmodels.estimators import get_estimator, one_thread

    rng = np.random.default_rng(1)
    features = rng.standard_normal((rows, FEATURES))
    up = (features[:, 0] + 3.0 * rng.standard_normal(rows) > 0.0).astype(np.float64)
    values = get_algorithm(algorithm).clean(CASES[algorithm])
    kind = get_estimator(algorithm)
    for _ in range(ROUNDS + 1):  # the first warms up
        gate.wait()
        began = time.time()
        with one_thread() if limited else nullcontext():
            kind.fit(features, up, values, weights=None, seed=1, tick=lambda share: None)
        times.put((began, time.time()))


def seconds(algorithm: str, limited: bool, rows: int) -> float:
    """Best of the rounds: from the first beginning to the last end of two fittings at once."""
    context = multiprocessing.get_context("spawn")
    gate, times = context.Barrier(2), context.Queue()
    processes = [
        context.Process(target=work, args=(algorithm, limited, rows, gate, times), daemon=True)
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    rounds = []
    for _ in range(ROUNDS + 1):
        spans = [times.get(timeout=300) for _ in processes]
        rounds.append(max(end for _began, end in spans) - min(began for began, _end in spans))
    for process in processes:
        process.join()
    return min(rounds[1:])


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"two fittings at once, {rows:,} rows x {FEATURES} features, {multiprocessing.cpu_count()} cores")
    for algorithm in CASES:
        one, many = seconds(algorithm, True, rows), seconds(algorithm, False, rows)
        print(
            f"{algorithm:20s} one thread each {one:6.2f} s   all threads each {many:6.2f} s   ratio {many / one:.2f}"
        )


if __name__ == "__main__":
    main()

"""What it takes to predict very many bars: time and memory, streamed as the product does and with all rows at once.

    .venv/bin/python benchmarks/predicting.py                # --rows 1000000 4000000, --algorithm xgboost, --rounds 3

A model of 31 features, trained on 5,000 bars, predicts a random walk of minutes that follows them. Each run is a
process of its own; memory is the highest resident size above what it held when the bars were there and everything was
compiled (Linux: VmHWM, reset before the prediction). Both ways must give the same probabilities to the last bit.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MORE_FEATURES = ("ema_gap(20)", "parkinson(20)", "volume_ratio(20)")
TRAINED_ON = 5_000
FIRST = 2_000
WAYS = ("at once", "streamed")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 4_000_000])
    parser.add_argument("--algorithm", default="logistic_regression")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(predict(given.algorithm, given.rows[0], given.way)))
        return
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}); "
        f"Python {platform.python_version()}; {given.algorithm}, best of {given.rounds}\n"
    )
    print("| rows | at once s | streamed s | ratio | at once MB | streamed MB | ratio | same bits |")
    print("|---:|---:|---:|---:|---:|---:|---:|---|")
    for rows in given.rows:
        print(line(rows, given.algorithm, given.rounds))


def line(rows: int, algorithm: str, rounds: int) -> str:
    """One row of the table."""
    found = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            found[way].append(asked(rows, algorithm, way))
    whole, streamed = found.values()
    seconds = [min(run["seconds"] for run in runs) for runs in (whole, streamed)]
    memory = [min(run["megabytes"] for run in runs) for runs in (whole, streamed)]
    same = len({run["sha256"] for runs in (whole, streamed) for run in runs}) == 1
    return (
        f"| {rows:,} | {seconds[0]:.2f} | {seconds[1]:.2f} | {seconds[1] / seconds[0]:.2f} | {memory[0]:,.0f} "
        f"| {memory[1]:,.0f} | {memory[1] / memory[0]:.2f} | {'yes' if same else 'NO'} |"
    )


def asked(rows: int, algorithm: str, way: str) -> dict:
    """What a process of its own reports."""
    command = (sys.executable, __file__, "--rows", str(rows), "--algorithm", algorithm, "--way", way)
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def predict(algorithm: str, rows: int, way: str) -> dict:
    """Train, then predict `rows` bars that follow; in this process."""
    from mlmodels.features import DEFAULT_FEATURES
    from mlmodels.prediction import streaming, trained
    from mlmodels.training import MLPredictor

    bars = minutes(TRAINED_ON + rows)
    features = (*DEFAULT_FEATURES, *MORE_FEATURES)
    predictor = MLPredictor(algorithm, features=features, folds=2, controls=False)
    predictor.train(bars.head(TRAINED_ON))
    predictor.predict(bars.head(TRAINED_ON + FIRST))  # compiles what is compiled
    if way == "at once":
        streaming.IN_MEMORY_VALUES = trained.ROWS_AT_ONCE = 2**40
    Path("/proc/self/clear_refs").write_text("5")
    before, started = resident("VmRSS"), time.perf_counter()
    probability = predictor.predict(bars)
    return {
        "seconds": time.perf_counter() - started,
        "megabytes": resident("VmHWM") - before,
        "sha256": hashlib.sha256(probability.tobytes()).hexdigest(),
    }


def resident(name: str) -> float:
    """A size of this process in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name)) / 1024.0


def minutes(count: int):
    """A random walk, bar by bar of a minute."""
    import numpy as np

    from marketdata.bars import Bars

    rng = np.random.default_rng(11)
    steps = 0.0005 * rng.standard_normal(count)
    close = 100.0 * np.exp(np.cumsum(steps))
    opened = close * np.exp(-steps)
    reach = 1.0 + np.abs(0.0003 * rng.standard_normal((2, count)))
    return Bars(
        time=np.datetime64("2015-01-01", "ns") + np.arange(count) * np.timedelta64(60, "s"),
        open=opened,
        high=np.maximum(opened, close) * reach[0],
        low=np.minimum(opened, close) / reach[1],
        close=close,
        volume=np.round(1e4 * np.exp(0.3 * rng.standard_normal(count))),
    )


if __name__ == "__main__":
    main()

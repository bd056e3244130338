"""How fast features are computed, beside the plain pandas formulation (rolling, ewm, shift) of the same ones.

    .venv/bin/python benchmarks/features.py                  # --rows 100000, --rounds 5, --clock processor

One feature each of 20 kinds, of one series of minute bars. Both sides compute the whole table from the bars, in turns;
the best round counts. First every value is compared: they must agree to 1e-9 (see `compare` for where pandas loses
digits). The CCI is left out, which pandas has no fast way for: its mean deviation goes through `apply`. Compiling, or
loading compiled code, is not counted.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from marketdata.bars import Bars  # noqa: E402
from mlmodels.audit import audit_features  # noqa: E402
from mlmodels.features import prepare  # noqa: E402
from mlmodels.labels import base_rates, triple_barrier  # noqa: E402
from mlmodels.tests.in_pandas import IN_PANDAS  # noqa: E402

NAMES = tuple(IN_PANDAS)
Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "processor": time.process_time}
AGREE = 1e-9
WINDOW, WINDOWS = 60, 200


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="processor: while the machine is busy"
    )
    given = parser.parse_args()
    clock = CLOCKS[given.clock]
    bars = minutes(given.rows)
    frame = bars.to_frame()
    prepare(bars.head(1_000), NAMES)
    difference, worn = compare(bars, frame)
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}); "
        f"Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}; "
        f"{given.rows:,} bars, {len(NAMES)} features, best of {given.rounds} by the {given.clock} clock\n"
        f"largest difference {difference:.1e}"
    )
    for name, off in worn.items():
        print(f"{name}: {off:.1e} in running sums of pandas, see `compare`")
    print()
    in_pandas = {name: (lambda name=name: IN_PANDAS[name](frame)) for name in NAMES}
    ours = {name: (lambda name=name: prepare(bars, (name,))) for name in NAMES}
    print("| feature | pandas ms | prepare ms | ratio |\n|---|---:|---:|---:|")
    for name in NAMES:
        line(name, *in_turns(clock, given.rounds, in_pandas[name], ours[name]))
    everything = in_turns(
        clock,
        given.rounds,
        lambda: pd.DataFrame({name: IN_PANDAS[name](frame) for name in NAMES}),
        lambda: prepare(bars, NAMES, threads=1),
        lambda: prepare(bars, NAMES),
    )
    line(f"all {len(NAMES)}, one thread", *everything[:2])
    line(f"all {len(NAMES)}, as asked for by default", everything[0], everything[2])
    around(clock, bars.head(250_000), given.rounds)


def around(clock: Clock, bars: Bars, rounds: int) -> None:
    """What else a training asks for, in milliseconds."""
    table = prepare(bars, NAMES)
    labels, rates, audit = in_turns(
        clock,
        rounds,
        lambda: triple_barrier(bars, 20, 2.0),
        lambda: base_rates(triple_barrier(bars, 20, 2.0)),
        lambda: audit_features(bars, NAMES, table=table),
    )
    print(
        f"\n{len(bars):,} bars: triple barrier {1e3 * labels:.0f} ms (with base rates {1e3 * rates:.0f}), "
        f"audit of {len(NAMES)} features {1e3 * audit:.0f} ms"
    )


def minutes(count: int) -> Bars:
    """A random walk of minute bars."""
    rng = np.random.default_rng(1)
    steps = 0.001 * rng.standard_normal(count)
    close = 100.0 * np.exp(np.cumsum(steps))
    opened = close * np.exp(-steps)
    reach = 1.0 + 0.0005 * np.abs(rng.standard_normal((2, count)))
    return Bars(
        time=np.datetime64("2015-01-01", "ns") + np.arange(count) * np.timedelta64(1, "m"),
        open=opened,
        high=np.maximum(opened, close) * reach[0],
        low=np.minimum(opened, close) / reach[1],
        close=close,
        volume=np.round(1e4 * np.exp(0.5 * rng.standard_normal(count))),
    )


def compare(bars: Bars, frame: pd.DataFrame) -> tuple[float, dict[str, float]]:
    """The largest difference of any value, and the features where pandas itself is further off than we allow.

    Its running sums keep the rounding errors of rows long gone. There pandas decides by looking at the rows of a few
    windows alone.
    """
    table, largest, worn = prepare(bars, NAMES), 0.0, {}
    for name, ours in zip(table.names, table.values.T, strict=True):
        theirs = IN_PANDAS[name](frame).to_numpy()
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs), err_msg=name)
        off = np.nan_to_num(np.abs(ours - theirs))
        if off.max() > AGREE:
            worn[name] = float(off.max())
            rows = np.argsort(off)[-WINDOWS:]
            fresh = [IN_PANDAS[name](frame.iloc[row - WINDOW : row + 1]).iloc[-1] for row in rows]
            off = np.abs(ours[rows] - fresh)
        largest = max(largest, float(off.max()))
        if largest > AGREE:
            raise SystemExit(f"{name} differs by {largest:.1e}")
    return largest, worn


def in_turns(clock: Clock, rounds: int, *works: Callable[[], object]) -> list[float]:
    """Seconds of each, the best of some rounds in which they take turns."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for place, work in enumerate(works):
            started = clock()
            work()
            seconds[place].append(clock() - started)
    return [min(found) for found in seconds]


def line(name: str, pandas: float, ours: float) -> None:
    print(f"| {name} | {1e3 * pandas:.1f} | {1e3 * ours:.1f} | {pandas / ours:.1f} |")


if __name__ == "__main__":
    main()

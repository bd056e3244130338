"""Loaded by every process of a lab under test (`LAB_PLUGINS`): strategies that take their time, and poisonous ones.

With `CHAOS_DEFECT` in the environment it also loads one seeded defect; see `defects.py`.
"""

import dataclasses
import os
import time

import numpy as np

from algotrade.jobs import kinds
from backtests.jobs import RUN_KIND  # importing it registers the kind
from benchmarks.faults.limits import RUN_LIMIT_SECONDS
from strategies.base import BaseStrategy
from strategies.params import FloatParam, IntParam
from strategies.registry import register

STEP_SECONDS = 0.1
DIP_STEPS = 6  # longer than the pause between two of its reports
BLOCK_BYTES = 256 * 2**20
MOST_BLOCKS = 64

FIRST = IntParam(
    "first", default=1, minimum=1, maximum=1000, label="First", help="The bar it buys at.", unit="bars"
)


class _Buys(BaseStrategy):
    """Long from one bar on."""

    params = (FIRST,)

    def warmup(self) -> int:
        return 1

    def target(self, bars):
        target = np.full(len(bars), np.nan)
        target[self.parameters["first"] :] = 1.0
        return target


@register
class Paced(_Buys):
    """Takes as long as it is told to, telling its progress, for a while even a lower one than before."""

    key = "paced"
    label = "Paced"
    summary = "Buys and holds, after some seconds of work."
    uses_model = True  # only such a strategy is given a share of the progress bar
    params = (
        FIRST,
        FloatParam(
            "seconds", default=1.0, minimum=0.0, maximum=120.0, label="Seconds", help="How long.", unit="s"
        ),
    )

    def begin(self, bars, tell):
        steps = max(1, round(self.parameters["seconds"] / STEP_SECONDS))
        for step in range(steps):
            told = 0 if 0 <= step - steps // 2 < DIP_STEPS else step
            tell(told / steps, f"step {step} of {steps}")
            time.sleep(STEP_SECONDS)


@register
class Bomb(_Buys):
    """Wants more memory than a job may have; bounded, and never touched, should nothing stop it."""

    key = "bomb"
    label = "Memory bomb"
    summary = "Asks for ever more memory."

    def begin(self, bars, tell):
        self._kept = [np.empty(BLOCK_BYTES, dtype=np.uint8) for _block in range(MOST_BLOCKS)]


@register
class Crash(_Buys):
    """Ends its process without a word."""

    key = "crash"
    label = "Crash"
    summary = "Ends its process."

    def begin(self, bars, tell):
        time.sleep(STEP_SECONDS)
        os._exit(7)


@register
class Endless(_Buys):
    """Never comes back and never looks whether it should stop."""

    key = "endless"
    label = "Endless loop"
    summary = "Never ends."

    def begin(self, bars, tell):
        while True:
            time.sleep(STEP_SECONDS)


# A backtest may take ten minutes; here an endless one must meet its deadline within the suite's time.
kinds._kinds[RUN_KIND] = dataclasses.replace(kinds.get_kind(RUN_KIND), time_limit=RUN_LIMIT_SECONDS)

if _defect := os.environ.get("CHAOS_DEFECT"):
    from benchmarks.faults import defects

    getattr(defects, _defect)()

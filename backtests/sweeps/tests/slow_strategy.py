"""A strategy that takes its time, so that a sweep of it can be stopped and killed on the way."""

import time

import numpy as np

from strategies.base import BaseStrategy
from strategies.params import IntParam


class TakesItsTime(BaseStrategy):
    key = "takes_its_time"
    label = "Takes its time"
    summary = "For a test."
    params = (IntParam("number", default=1, minimum=1, maximum=1000, label="Number"),)

    def target(self, bars):
        time.sleep(0.05)
        target = np.zeros(len(bars))
        target[self.parameters["number"] :] = 1.0
        return target

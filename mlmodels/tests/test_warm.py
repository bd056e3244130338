"""What is compiled beforehand is all that a training of features needs."""

import os
import subprocess
import sys

from algotrade.jobs import warmth

SCRIPT = """
import numpy as np
from numba.core import event
from mlmodels.features import feature_names, prepare
from mlmodels.features.warm import warm_up
from mlmodels.tests.prices import autoregressive

bars = autoregressive(1_500, 0.0, seed=1)
warm_up()
with event.install_recorder("numba:compile") as compiled:
    prepare(bars, feature_names())
print(len(compiled.buffer))
"""


def test_the_warm_up_is_registered_behind_what_every_job_needs():
    assert "mlmodels.features.warm.warm_up" in warmth.rest()


def test_nothing_is_left_to_compile_after_it():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.strip() == "0"

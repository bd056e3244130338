"""Training along a run goes on after the models that an attempt before has finished."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from algotrade.checkpoints import FolderCheckpoints
from mlmodels.strategies import walk
from mlmodels.tests.walking import BARS, counted_fits, follow

ROOT = Path(__file__).resolve().parents[2]


class Killed(Exception):
    pass


@pytest.fixture(autouse=True)
def _learn_anew():
    walk.memory.forget()


@pytest.fixture
def kept(tmp_path):
    return FolderCheckpoints(tmp_path / "units")


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(walk, "KEEP_SECONDS", 0.0)


@pytest.fixture
def fits(monkeypatch):
    return counted_fits(monkeypatch)


def begun(kept, *, until=2.0):
    """A run's models as a new process would make them, killed at a share of the work."""
    walk.memory.forget()
    strategy = follow(algorithm="random_forest", retrain_every=90)
    strategy.checkpoints = kept

    def tell(share, words):
        if share > until:
            raise Killed

    strategy.begin(BARS, tell)
    return strategy


def test_the_models_of_an_attempt_before_are_not_trained_again(kept, often, fits):
    whole = begun(FolderCheckpoints(kept.folder.parent / "other")).predictions(BARS).probability
    all_fits = len(fits)
    with pytest.raises(Killed):
        begun(kept, until=0.6)
    before = len(fits) - all_fits
    assert 1 < before < all_fits
    found = begun(kept).predictions(BARS).probability
    assert len(fits) == 2 * all_fits + 1  # the one it was at when it was killed is trained twice
    np.testing.assert_array_equal(found, whole)


def test_quick_trainings_write_nothing(kept):
    begun(kept)
    assert not kept.folder.exists()


def test_a_file_that_is_cut_in_the_middle_costs_its_models_and_no_others(kept, often, fits):
    whole = begun(kept).predictions(BARS).probability
    made, cut = len(fits), kept.folder / "fits-2"
    os.truncate(cut, cut.stat().st_size // 2)
    for _ in range(2):  # it is kept anew, behind the others
        np.testing.assert_array_equal(begun(kept).predictions(BARS).probability, whole)
        assert len(fits) == made + 1


PROGRAM = """
import sys
from pathlib import Path
from algotrade.checkpoints import FolderCheckpoints
from mlmodels.strategies import walk
from mlmodels.tests.test_walk_forward_resuming import BARS, follow
walk.KEEP_SECONDS = 0.0
strategy = follow(algorithm="random_forest", retrain_every=90)
strategy.checkpoints = FolderCheckpoints(Path(sys.argv[1]))
def tell(share, words):
    if share > 0.6:
        print("far", flush=True)
        sys.stdin.read()
strategy.begin(BARS, tell)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_costs_one_model(kept, often, fits):
    command = [sys.executable, "-c", PROGRAM, str(kept.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"far\n"
        os.kill(process.pid, signal.SIGKILL)
    resumed = begun(kept).predictions(BARS).probability
    made = len(fits)
    walk.memory.forget()
    np.testing.assert_array_equal(
        begun(FolderCheckpoints(kept.folder.parent / "other")).predictions(BARS).probability, resumed
    )
    assert 0 < made < len(fits) - made

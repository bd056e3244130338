"""A sweep that begins again goes on after what it has kept, and comes to the same bytes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from algotrade.checkpoints import FolderCheckpoints
from backtests.engine import SimulationConfig
from backtests.engine.tests.cases import random_bars
from backtests.optimize import Axis, Grid, RandomSearch, pieces, run_sweep
from backtests.optimize.tests.cases import assert_same_bytes
from strategies.library import MovingAverageCrossoverStrategy, RSIStrategy

BARS = random_bars(np.random.default_rng(12), 400)
PAIRS = [Axis("fast_period", range(2, 32)), Axis("slow_period", range(20, 50))]
CASES = {
    "pairs": (MovingAverageCrossoverStrategy, Grid(PAIRS)),
    "sample": (MovingAverageCrossoverStrategy, RandomSearch(PAIRS, 700, 5)),
    "targets": (
        RSIStrategy,
        Grid([Axis("period", range(2, 62)), Axis("configuration.commission", (0.0, 0.001))]),
    ),
}
ACCOUNT = SimulationConfig(commission=0.001)

ROOT = Path(__file__).resolve().parents[3]


class Killed(Exception):
    pass


@pytest.fixture
def kept(tmp_path):
    return FolderCheckpoints(tmp_path / "units")


@pytest.fixture
def often(monkeypatch):
    """A checkpoint after each batch, and batches of few cells."""
    monkeypatch.setattr(pieces, "PIECE_SECONDS", 0.0)
    monkeypatch.setattr(pieces, "_FIRST_BATCH", 48)


def swept(case, kept, *, until=None, seen=None):
    strategy, space = CASES[case]

    def progress(done, total):
        if seen is not None:
            seen.append(done)
        if until is not None and done >= until * total:
            raise Killed

    return run_sweep(BARS, strategy, {}, space, ACCOUNT, progress=progress, checkpoints=kept, keep_curves=2)


def undisturbed(case):
    strategy, space = CASES[case]
    return run_sweep(BARS, strategy, {}, space, ACCOUNT, keep_curves=2)


def end_of(kept, first):
    return int.from_bytes(kept.load(f"cells-{first}")[:8], "little")


@pytest.mark.parametrize("case", sorted(CASES))
def test_one_that_was_stopped_twice_is_the_same_to_the_last_byte(case, kept, often):
    cells, seen = CASES[case][1].cell_count, []
    for until in (0.4, 0.8):
        with pytest.raises(Killed):
            swept(case, kept, until=until)
    result = swept(case, kept, seen=seen)
    assert 0.5 * cells < seen[0] < cells  # what was kept counts at once
    assert seen == sorted(seen)
    assert seen[-1] == cells
    whole = undisturbed(case)
    assert_same_bytes(result, whole)
    assert {cell: curve.tobytes() for cell, curve in result.curves.items()} == {
        cell: curve.tobytes() for cell, curve in whole.curves.items()
    }


def test_a_small_sweep_writes_nothing(kept):
    assert_same_bytes(swept("pairs", kept), undisturbed("pairs"))
    assert not kept.folder.exists()


@pytest.mark.parametrize("damage", ["cut", "bytes", "length", "range"])
def test_a_damaged_piece_costs_its_cells_and_no_others(kept, often, monkeypatch, damage):
    whole, computed, batches = undisturbed("pairs"), [], pieces.Pieces.batches

    def watched(self):
        for first, last in batches(self):
            computed.append(last - first)
            yield first, last

    with pytest.raises(Killed):
        swept("pairs", kept, until=0.7)
    ends = {first: end_of(kept, first) for first in kept.numbers("cells")}
    first, last = list(ends.items())[1]
    unit, content = f"cells-{first}", kept.load(f"cells-{first}")
    if damage == "cut":
        os.truncate(kept.folder / unit, len(content) // 2)
    elif damage == "bytes":
        (kept.folder / unit).write_bytes(b"x" * len(content))
    elif damage == "length":
        kept.keep(unit, content[:-1])
    else:
        kept.keep(unit, (10**9).to_bytes(8, "little") + content[8:])
    monkeypatch.setattr(pieces.Pieces, "batches", watched)
    seen = []
    assert_same_bytes(swept("pairs", kept, seen=seen), whole)
    assert sum(computed) == last - first + len(whole.valid) - max(ends.values())
    assert seen == sorted(seen)
    assert seen[-1] == len(whole.valid)


def test_cells_between_two_pieces_are_kept_before_those_after_them(kept, often):
    with pytest.raises(Killed):
        swept("pairs", kept, until=0.7)
    damaged = kept.numbers("cells")[1]
    end = end_of(kept, damaged)
    (kept.folder / f"cells-{damaged}").unlink()
    with pytest.raises(Killed):
        swept("pairs", kept, until=0.9)
    place = damaged
    while place < end:
        place = end_of(kept, place)
    assert place == end


def test_batches_of_slow_cells_are_small_and_those_of_quick_ones_grow():
    assert pieces._size_for(2.5, 256, 25.6) == 32  # 0.1 s each
    assert pieces._size_for(2.5, 256, 12.8) == 50
    assert pieces._size_for(2.5, 256, 0.001) == 2048
    assert pieces._size_for(2.5, 16_384, 0.5) == pieces.BATCH


PROGRAM = """
import sys
from pathlib import Path
from algotrade.checkpoints import FolderCheckpoints
from backtests.optimize import pieces
from backtests.optimize.tests import test_resuming
pieces.PIECE_SECONDS, pieces._FIRST_BATCH = 0.0, 48
print("begun", flush=True)
def slowly(done, total):
    if done > total / 2:
        print("half", flush=True)
        sys.stdin.read()
strategy, space = test_resuming.CASES["pairs"]
test_resuming.run_sweep(
    test_resuming.BARS, strategy, {}, space, test_resuming.ACCOUNT, progress=slowly,
    checkpoints=FolderCheckpoints(Path(sys.argv[1])),
)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_costs_one_piece(kept, often):
    command = [sys.executable, "-c", PROGRAM, str(kept.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert [process.stdout.readline() for _ in range(2)] == [b"begun\n", b"half\n"]
        os.kill(process.pid, signal.SIGKILL)
    seen = []
    assert_same_bytes(swept("pairs", kept, seen=seen), undisturbed("pairs"))
    assert seen[0] > 900 / 2 - 300

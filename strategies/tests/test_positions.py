"""Entries and exits to positions, against the same rules told bar by bar."""

import numpy as np
import pytest

from strategies.positions import latch, position


def by_hand(long_entry, long_exit, short_entry, short_exit):
    held, told = 0.0, []
    for rise, leave_long, fall, leave_short in zip(
        long_entry, long_exit, short_entry, short_exit, strict=True
    ):
        rises, falls = rise and not fall, fall and not rise
        if held == 1.0 and leave_long and not rises:
            held = 0.0
        if held == -1.0 and leave_short and not falls:
            held = 0.0
        if rises:
            held = 1.0
        if falls:
            held = -1.0
        told.append(held)
    return told


def test_a_latch_stays_on_until_off_and_on_wins():
    on = np.array([0, 1, 0, 0, 0, 1, 0], dtype=bool)
    off = np.array([1, 0, 0, 1, 1, 1, 0], dtype=bool)
    assert latch(on, off).tolist() == [False, True, True, False, False, True, True]


@pytest.mark.parametrize("seed", range(200))
def test_positions_are_those_of_the_rules_told_bar_by_bar(seed):
    rng = np.random.default_rng(seed)
    columns = [rng.random(30) < share for share in rng.uniform(0.05, 0.6, 4)]
    assert position(*columns).tolist() == by_hand(*columns)


def test_no_bars_have_no_positions():
    none = np.empty(0, dtype=bool)
    assert position(none, none, none, none).shape == (0,)

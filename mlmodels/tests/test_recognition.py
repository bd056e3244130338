"""Prices that were seen before are recognised under other dates and scales; prices that are only alike are not."""

import numpy as np
import pytest

from mlmodels.prediction.recognition import RUN, Recognised, recognise

COUNT = 3000


def walk(seed, count=COUNT, step=0.01):
    return 100 * np.exp(np.cumsum(step * np.random.default_rng(seed).standard_normal(count)))


def ticks(seed, count=50_000):
    """A price that moves by a ten-thousandth at most and is drawn back to 1, as a peg is."""
    uniform = np.random.default_rng(seed).random(count)
    place, places = 0, np.empty(count)
    for row in range(count):
        place += int(uniform[row] < 0.4 - 0.1 * place) - int(uniform[row] > 0.6 - 0.1 * place)
        places[row] = place
    return (10_000 + places) * 1e-4


KNOWN = walk(1)


@pytest.mark.parametrize("scale", [1.0, 2.0, 1.1, 0.01, 1 / 3])
def test_a_copy_is_found_whatever_its_scale(scale):
    assert recognise(KNOWN * scale, KNOWN) == Recognised(0, COUNT - 1, 0)


def test_a_copy_is_found_among_other_prices_and_its_place_is_told():
    mixed = np.concatenate((walk(2, 500), KNOWN[700:900] * 1.7, walk(3, 300)))
    assert recognise(mixed, KNOWN) == Recognised(500, 699, 700)


def test_so_many_moves_are_enough_and_one_fewer_is_not():
    assert recognise(KNOWN[100 : 101 + RUN], KNOWN) == Recognised(0, RUN, 100)
    assert recognise(KNOWN[100 : 100 + RUN], KNOWN) is None


@pytest.mark.parametrize(
    "again",
    [
        np.round(KNOWN, 6),
        np.round(KNOWN, 2),
        np.round(KNOWN * 1e-3, 5),
        KNOWN + 0.01,
        KNOWN * (1.0 + 1e-8 * np.random.default_rng(5).standard_normal(COUNT)),
    ],
    ids=["six digits", "cents", "cheap with few digits", "shifted", "noise"],
)
def test_a_copy_with_other_last_digits_is_found(again):
    found = recognise(again, KNOWN)
    assert found is not None
    assert found.last - found.first > 0.9 * COUNT
    assert abs(found.first - found.original) <= 5


def test_a_part_of_a_copy_with_fewer_digits_is_found_at_its_place():
    mixed = np.concatenate((walk(2, 500), np.round(KNOWN[700:900] * 1.7, 2), walk(3, 300)))
    found = recognise(mixed, KNOWN)
    assert found is not None
    assert 490 <= found.first <= 600
    assert 620 <= found.last <= 710
    assert found.original - found.first == 200


def test_pauses_between_the_moves_hide_nothing():
    paused = np.repeat(KNOWN, np.random.default_rng(4).integers(1, 4, COUNT))
    found = recognise(paused, KNOWN)
    assert found is not None
    assert found.original == 0
    assert recognise(KNOWN, paused) is not None


@pytest.mark.parametrize(
    "pair",
    [
        (walk(1), walk(2)),
        (np.full(COUNT, 50.0), np.full(COUNT, 50.0)),
        (np.repeat(walk(1, 40), 70), np.repeat(walk(2, 40), 70)),
        (ticks(1), ticks(2)),
        (np.round(walk(1, 50_000, 1e-4), 2), np.round(walk(2, 50_000, 1e-4), 2)),
        (100 + np.sin(np.arange(COUNT) / 10), 100 + np.sin(np.arange(COUNT, 2 * COUNT) / 10)),
        (100.0 + np.arange(COUNT) % 7, 100.0 + np.arange(COUNT) % 7),
        (100.0 * 1.001 ** np.arange(COUNT), 100.0 * 1.002 ** np.arange(COUNT)),
        (walk(1, 50_000), walk(2, 50_000)),
        (np.round(walk(1, 50_000, 1e-3), 2), np.round(walk(2, 50_000, 1e-3), 2)),
        (KNOWN[:0], KNOWN),
        (KNOWN[:1], KNOWN),
        (KNOWN, KNOWN[:5]),
    ],
    ids=[
        "walks",
        "constant",
        "steps",
        "peg",
        "cents",
        "wave",
        "period",
        "straight",
        "long walks",
        "long cents",
        "none",
        "one",
        "few known",
    ],
)
def test_prices_that_are_only_alike_are_no_copies(pair):
    assert recognise(*pair) is None


def test_a_copy_of_prices_that_repeat_themselves_is_found_by_its_length():
    known = ticks(1)
    assert recognise(known * 3.0, known) is not None
    assert recognise(known[1000:1030], known) is None

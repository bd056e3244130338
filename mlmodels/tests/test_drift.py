"""The population stability index by hand, and where distributions are awkward."""

import numpy as np
import pytest

from mlmodels.drift import Reference, drift_of, level_of, psi, reference_of

RNG = np.random.default_rng(3)
NORMAL = RNG.standard_normal(5_000)


def reference(values):
    return reference_of(np.asarray(values, dtype=float)[:, None], ["x"])["x"]


def test_deciles_hold_a_tenth_each():
    made = reference(np.arange(1.0, 101.0))
    assert made.edges == tuple(float(edge) for edge in range(10, 100, 10))
    assert made.shares == (0.1,) * 10
    assert made.rows == 100


def test_the_index_by_hand():
    made = reference(np.arange(1.0, 101.0))
    # All of ten bins to twenty values: the first bin has 0.5 instead of 0.1, the next five 0.1, the last four none.
    values = np.array([1.0] * 10 + [11, 12, 21, 22, 31, 32, 41, 42, 51, 52])
    empty = 1e-4
    expected = (0.5 - 0.1) * np.log(0.5 / 0.1) + 4 * (empty - 0.1) * np.log(empty / 0.1)
    assert psi(made, values) == pytest.approx(expected)


def test_the_same_rows_have_not_moved_and_a_shift_has():
    made = reference(NORMAL)
    assert psi(made, NORMAL) == 0.0
    assert psi(made, RNG.standard_normal(5_000)) < 0.02
    # A shift of half a deviation is about 0.25, by one it is about 1 (the index of two normals is the shift squared).
    assert psi(made, NORMAL + 0.5) == pytest.approx(0.25, abs=0.04)
    assert psi(made, NORMAL + 1.0) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("index", "level"),
    [
        (None, "unknown"),
        (0.0, "stable"),
        (0.099, "stable"),
        (0.1, "moderate"),
        (0.25, "moderate"),
        (0.251, "large"),
    ],
)
def test_levels_are_the_conventional_ones(index, level):
    assert level_of(index) == level


@pytest.mark.parametrize("value", [4.0, 6.0])
def test_a_constant_that_moves_to_either_side_is_seen_and_finite(value):
    made = reference(np.full(50, 5.0))
    assert psi(made, np.full(20, 5.0)) == 0.0
    index = psi(made, np.full(20, value))
    assert np.isfinite(index)
    assert index > 10.0


@pytest.mark.parametrize("moved", [-1.0, 0.5, 1.0, 2.0])
def test_frequent_values_are_a_bin_of_their_own(moved):
    """Half of the values are 0, a quarter each -0.7 and 0.7: no decile is cut through them."""
    values = np.repeat([-0.7, 0.0, 0.7], [250, 500, 250])
    made = reference(values)
    assert sum(made.shares) == pytest.approx(1.0)
    assert max(made.shares) == 0.5
    assert psi(made, values) == 0.0
    assert psi(made, values + moved) > 1.0


def test_missing_values_are_left_out():
    holed = np.where(np.arange(5_000) % 3 == 0, np.nan, NORMAL)
    assert reference(holed).rows == np.isfinite(holed).sum()
    assert psi(reference(NORMAL), holed) < 0.02
    nothing = reference(np.full(9, np.nan))
    assert (nothing.edges, nothing.shares, nothing.rows) == ((), (), 0)
    assert psi(nothing, NORMAL) is None
    assert psi(reference(NORMAL), np.full(9, np.nan)) is None


def test_a_reference_survives_json():
    made = reference(NORMAL)
    assert Reference.from_dict(made.to_dict()) == made
    empty = reference(np.array([np.nan]))
    assert Reference.from_dict(empty.to_dict()) == empty
    with pytest.raises(ValueError, match="2 edges"):
        Reference.from_dict({"edges": [1, 2], "shares": [1]})


def test_drift_names_each_feature_and_what_chance_would_do():
    values = np.column_stack([NORMAL, NORMAL])
    references = reference_of(values, ["calm", "moved"])
    found = drift_of(
        references,
        np.column_stack([NORMAL[:500], NORMAL[:500] + 2.0, NORMAL[:500]]),
        ["calm", "moved", "new"],
    )
    assert [(row.name, row.level) for row in found] == [
        ("calm", "stable"),
        ("moved", "large"),
        ("new", "unknown"),
    ]
    assert found[0].by_chance == pytest.approx(16.919 * (1 / 5_000 + 1 / 500))
    assert (found[2].psi, found[2].by_chance) == (None, None)


def test_one_in_twenty_exceeds_what_chance_does():
    made = reference(NORMAL)
    exceeded = 0
    for _ in range(400):
        row = drift_of({"x": made}, RNG.standard_normal((300, 1)), ["x"])[0]
        exceeded += row.psi > row.by_chance
    assert 8 <= exceeded <= 40

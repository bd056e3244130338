"""The population stability index by hand, and where distributions are awkward."""

import numpy as np
import pytest

from mlmodels.binning import counts_in_order, counts_of, deciles
from mlmodels.drift import (
    Reference,
    drift_of,
    level_of,
    mean_of,
    most_by_chance,
    moved_of,
    psi,
    reference_of,
    usual_of,
)

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


def slow(count, seed, columns=1, like=0.98):
    """Stationary columns whose neighbouring values have the autocorrelation `like`, of variance 1."""
    noise = np.random.default_rng(seed).standard_normal((count, columns))
    values = np.empty_like(noise)
    values[0] = noise[0]
    for row in range(1, count):
        values[row] = like * values[row - 1] + np.sqrt(1 - like**2) * noise[row]
    return values


def compared(values, trained=3_000):
    names = [f"x{number}" for number in range(values.shape[1])]
    return drift_of(reference_of(values[:trained], names), values[trained:], names, values[:trained])


def test_the_windows_are_compared_with_the_rows_outside_them():
    values = slow(1_200, 1)[:, 0]
    made = reference(values)
    past = drift_of({"walk": made}, values[:200, np.newaxis], ["walk"], values[:, np.newaxis])[0].past
    assert (past.bars, past.windows) == (200, 6)
    indices = []
    for start in range(0, 1_001, 50):
        rest = np.concatenate((values[:start], values[start + 200 :]))
        shares = np.bincount(np.searchsorted(made.edges, rest), minlength=10) / rest.size
        indices.append(psi(Reference(made.edges, tuple(shares), rest.size), values[start : start + 200]))
    logs = np.log(indices)
    limit = np.exp(logs.mean() + 2.015 * np.sqrt(7 / 6) * logs.std(ddof=1))  # t of 5 degrees of freedom
    carried = (1 / 200 + 1 / 1_200) / (1 / 200 + 1 / 1_000)
    assert past.bound == pytest.approx(limit * carried, rel=2e-3)
    assert past.typical == pytest.approx(np.mean(indices) * carried)
    assert past.beyond.tolist() == (np.array(indices) > max(0.1, limit)).tolist()


def test_slow_features_that_do_not_change_are_seldom_called_moved():
    """By the customary limits alone most of them would be."""
    drifts = compared(slow(3_250, 2, columns=120))
    assert np.mean([level_of(drift.psi) != "stable" for drift in drifts]) > 0.8
    assert 0.0 < np.mean([drift.psi > drift.by_chance for drift in drifts]) < 0.12
    assert moved_of(drifts) <= usual_of(drifts)


@pytest.mark.parametrize("change", [lambda new: new * 2.5, lambda new: new + 2.0], ids=["wider", "shifted"])
def test_slow_features_that_do_change_are_found(change):
    values = slow(3_250, 3, columns=40, like=0.9)
    values[3_000:] = change(values[3_000:])
    drifts = compared(values)
    assert moved_of(drifts) > 20
    assert moved_of(drifts) > usual_of(drifts)


def test_features_that_move_together_raise_what_is_usual():
    """Each was restless for a while in training: all at the same time, or each at its own."""
    together, alone = slow(3_250, 4, columns=30, like=0.5), slow(3_250, 4, columns=30, like=0.5)
    together[1_000:1_250] *= 3.0
    for column in range(30):
        alone[90 * column : 90 * column + 250, column] *= 3.0
    assert usual_of(compared(together)) == 30
    assert usual_of(compared(alone)) < 8


def test_a_long_new_stretch_is_judged_by_shorter_windows_and_a_short_training_by_independent_rows():
    values = slow(3_000, 5)
    (drift,) = compared(values, trained=1_200)
    assert (drift.past.bars, drift.past.windows) == (200, 6)
    (drift,) = compared(values[:300], trained=20)
    assert drift.past is None
    assert drift.by_chance == pytest.approx(16.919 * (1 / 20 + 1 / 280))


def test_values_that_are_missing_or_constant_do_not_break_the_windows():
    holed = slow(3_250, 6)
    holed[:700] = np.nan
    (drift,) = compared(holed)
    assert np.isfinite(drift.by_chance)
    (drift,) = compared(np.full((1_000, 1), 5.0), trained=800)
    assert (drift.level, drift.psi) == ("stable", 0.0)
    nothing = np.full((900, 1), np.nan)
    nothing[850:] = 1.0
    (drift,) = compared(nothing, trained=860)
    assert drift.past.bound is None
    assert drift.by_chance > 0


@pytest.mark.parametrize(("features", "count"), [(0, 0), (1, 0), (3, 1), (28, 3), (100, 9)])
def test_how_many_of_independent_features_go_beyond_by_chance(features, count):
    assert most_by_chance(features) == count  # scipy.stats.binom.ppf(0.95, features, 0.05)


def test_the_mean_of_several_comparisons_wanders_less_than_each():
    drifts = [compared(slow(3_250, seed))[0] for seed in range(5)]
    mean, by_chance = mean_of(drifts)
    assert mean == pytest.approx(np.mean([drift.psi for drift in drifts]))
    assert np.mean([drift.past.typical for drift in drifts]) < by_chance
    assert by_chance < min(drift.by_chance for drift in drifts) * 1.2
    (alone,) = drifts[:1]
    assert mean_of([alone]) == pytest.approx((alone.psi, alone.by_chance))


@pytest.mark.parametrize("repeated", [False, True], ids=["distinct", "repeated"])
@pytest.mark.parametrize("rows", [0, 1, 7, 60])
def test_values_in_order_are_counted_as_those_in_any(rows, repeated):
    rng = np.random.default_rng(rows)
    table = rng.integers(-3, 4, (6, rows)).astype(float) if repeated else rng.standard_normal((6, rows))
    table[rng.random(table.shape) < 0.2] = np.nan
    table[0], table[1] = np.nan, 1.0
    known, ordered = np.isfinite(table).sum(axis=1), np.sort(table, axis=1)
    edges = deciles(ordered, known)
    np.testing.assert_array_equal(counts_in_order(edges, ordered, known), counts_of(edges, table))

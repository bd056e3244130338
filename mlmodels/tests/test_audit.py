"""Features that look ahead are caught and named, and ours are not; labels look no further than their end."""

import time

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels.audit import audit_features, audit_labels, caught
from mlmodels.audit.futures import drawn_places
from mlmodels.draws import draws
from mlmodels.errors import TrainingError
from mlmodels.features import (
    DEFAULT_FEATURES,
    StrategyFeatures,
    feature_names,
    prepare,
    temporarily,
)
from mlmodels.labels import LABELS, Labels, fixed_horizon
from mlmodels.tests.leaks import leaking
from mlmodels.tests.prices import autoregressive
from strategies.base import BaseStrategy, Overlay
from strategies.registry import temporarily as strategies_temporarily

BARS = autoregressive(3_000, 0.0, seed=4)


def tomorrow(columns, out):
    """The return of the next bar: a feature shifted by -1."""
    out[:-1] = np.diff(columns.log_close)
    out[-1] = 0.0


def centred_average(columns, out):
    out[:] = np.convolve(columns.bars.close, np.full(5, 0.2), mode="same") / columns.bars.close


def full_sample_score(columns, out):
    out[:] = (columns.log_returns - columns.log_returns.mean()) / columns.log_returns.std()


def far_ahead(columns, out):
    out[:] = 0.0
    out[:-700] = columns.log_close[700:] - columns.log_close[:-700]


def tomorrows_range(columns, out):
    """Free of the level of prices, and finite at the end."""
    out[:-1] = columns.log_range[1:]
    out[-1] = columns.log_range[-1]


def next_volume(columns, out):
    out[:-1] = columns.bars.volume[1:] > columns.bars.volume[:-1]
    out[-1] = 0.0


def pivot(columns, out):
    """1 at a high above the 3 before and the 3 after it: known three bars later only, and 0 nearly everywhere."""
    high, count = columns.bars.high, len(columns.bars)
    out[:] = 0.0
    for row in range(3, count - 3):
        out[row] = float(high[row] == high[row - 3 : row + 4].max())


def ranks(columns, out):
    out[:] = np.argsort(np.argsort(columns.bars.close)) / len(columns.bars)


def crash_ahead(columns, out):
    """1 where the next bar falls by a tenth, which it never does here: without a future it is 0 as well."""
    close = columns.bars.close
    out[:] = 0.0
    out[:-1] = close[1:] < 0.9 * close[:-1]


def share_of_the_period(columns, out):
    """Other prices do not change it, fewer bars do."""
    out[:] = np.arange(len(out)) / len(out)


LEAKS = [
    tomorrow,
    centred_average,
    full_sample_score,
    far_ahead,
    tomorrows_range,
    next_volume,
    pivot,
    ranks,
    crash_ahead,
    share_of_the_period,
]


CASES = [
    (fill, count) for count in (80, 700, 3_000) for fill in LEAKS if fill is not far_ahead or count > 800
]


@pytest.mark.parametrize(("fill", "count"), CASES, ids=[f"{fill.__name__}-{count}" for fill, count in CASES])
def test_a_feature_that_looks_ahead_is_named_with_its_place(fill, count):
    bars = autoregressive(count, 0.0, seed=4)
    with temporarily(leaking(fill)):
        audit = audit_features(bars, ["rsi(14)", "leaking", "volatility(20)"])
    assert [leak.name for leak in audit.leaks] == ["leaking"]
    leak = audit.leaks[0]
    assert 0 <= leak.bar <= leak.after < count
    assert f"The feature leaking at bar {leak.bar:,} (" in leak.message
    assert f"changes when bars after bar {leak.after:,} change" in leak.message


def test_a_shifted_feature_leaks_at_the_very_bar():
    with temporarily(leaking(tomorrow)):
        leak = audit_features(BARS, ["leaking"]).leaks[0]
    assert leak.bar == leak.after


def test_a_training_is_refused_by_field():
    with temporarily(leaking(tomorrow)):
        audit = audit_features(BARS, ["leaking"])
    assert audit.to_dict() == {
        "features": 1,
        "places": audit.places,
        "rare_caught": audit.rare_caught,
        "passed": False,
    }
    with pytest.raises(TrainingError, match="so it knows the future") as caught:
        audit.require_passed()
    assert caught.value.detail.endswith("Leave it out, or correct it.")
    assert caught.value.fields["features"] == [audit.leaks[0].message]


class Pivots(BaseStrategy):
    """A strategy of the user's that marks a turn at the bar where it was, not where it is known."""

    key = "pivots_in_hindsight"
    label = "Pivots"
    summary = "Looks ahead."

    def target(self, bars):
        high, target = bars.high, np.zeros(len(bars))
        for row in range(2, len(bars) - 2):
            target[row] = -1.0 if high[row] == high[row - 2 : row + 3].max() else 0.0
        return target

    def overlays(self, bars):
        return (Overlay("Last close", bars.close),)


def test_a_strategy_that_looks_ahead_is_named_by_its_column():
    with strategies_temporarily(Pivots):
        audit = audit_features(BARS, ["rsi(14)"], [StrategyFeatures("pivots_in_hindsight", {}, "Mine")])
    assert [leak.name for leak in audit.leaks] == ["Mine: position"]


@pytest.mark.parametrize("count", [60, 400, 3_000])
def test_our_features_pass(count):
    bars = autoregressive(count, 0.0, seed=4)
    audit = audit_features(bars, feature_names())
    assert audit.passed
    assert audit.places >= min(320, count - 1 - 33)
    assert audit.rare_caught > 0.95
    audit.require_passed()


def test_a_feature_with_a_long_memory_is_compared_where_it_has_values():
    """Its warm-up says 0, but it has no value before 900 bars: only a long enough part can show its leak."""

    def late(columns, out):
        crash_ahead(columns, out)
        out[:900] = np.nan

    with temporarily(leaking(late, warmup=0)):
        leak = audit_features(BARS, ["leaking"]).leaks[0]
    assert leak.bar >= 900
    assert leak.bar == leak.after


def test_too_few_bars_have_no_place_to_look_at():
    audit = audit_features(BARS.head(20), ["volatility(20)"])
    assert (audit.features, audit.places, audit.rare_caught, audit.passed) == (1, 0, None, True)


def test_the_audit_costs_little_beside_the_period():
    """Most of it does not grow with the bars."""
    bars = autoregressive(40_000, 0.0, seed=4)
    table = prepare(bars, DEFAULT_FEATURES)
    audit_features(bars, DEFAULT_FEATURES, table=table)
    started = time.process_time()
    audit_features(bars, DEFAULT_FEATURES, table=table)
    assert time.process_time() - started < 0.5  # 0.03 on a quiet machine


def seldom(share):
    """Tells the next return at a share of the bars, which the past of each decides."""

    def fill(columns, out):
        close = columns.bars.close
        out[:] = columns.log_returns
        told = np.flatnonzero(
            (close[:-1] * 1e4).astype(np.int64) * 2654435761 % 1_000_003 < share * 1_000_003
        )
        out[told] = columns.log_returns[told + 1]

    return fill


@pytest.mark.parametrize("others", [(), feature_names()], ids=["alone", "among all"])
def test_a_leak_at_one_bar_in_a_hundred_is_found(others):
    """The share found is what the audit says: its places are as good as drawn at random."""
    missed, said = 0, []
    with temporarily(leaking(seldom(0.01))):
        for seed in range(15 if not others else 5):
            audit = audit_features(autoregressive(2_500, 0.0, seed=seed), ["leaking", *others])
            missed += audit.passed
            said.append(audit.rare_caught)
    assert min(said) > 0.95
    assert missed <= 1


@pytest.mark.parametrize("column", ["close", "volume"])
def test_what_knows_no_more_than_the_direction_of_one_bar_is_found_where_each_is_a_place(column):
    def once(columns, out):
        values = getattr(columns.bars, column)
        out[:] = 0.0
        told = np.flatnonzero(columns.bars.time[:-1] == BARS.time[150])
        out[told] = values[told + 1] > values[told]

    with temporarily(leaking(once)):
        for seed in range(12):
            audit = audit_features(autoregressive(300, 0.0, seed=seed), ["leaking"], seed=seed)
            assert audit.rare_caught == 1.0
            assert [(leak.bar, leak.after) for leak in audit.leaks] == [(150, 150)]


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["rising", "falling"])
def test_a_leak_of_the_best_or_worst_price_of_a_straight_line_is_found(sign):
    """A future that only turned round would never exceed it."""
    price = 100.0 * np.exp(sign * 1e-3 * np.arange(600))
    bars = Bars(BARS.time[:600], price, price, price, price, np.ones(600))

    def best(columns, out):
        level = sign * np.log(columns.bars.close)
        out[:] = level + (level.max() > sign * np.log(price[-1]) + 0.1)

    with temporarily(leaking(best)):
        assert not audit_features(bars, ["leaking"]).passed


@pytest.mark.parametrize("first", [2_400, 2_490])
def test_a_leak_at_the_last_bars_only_is_found(first):
    def late(columns, out):
        out[:] = 0.0
        told = columns.bars.time[:-1] >= BARS.time[first]
        out[:-1][told] = columns.log_returns[1:][told]

    with temporarily(leaking(late)):
        assert not audit_features(BARS.head(2_500), ["leaking"]).passed


@pytest.mark.parametrize("unit", ["h", "D", "M"])
def test_a_feature_that_knows_when_the_next_bar_comes_is_found(unit):
    def next_time(columns, out):
        known = columns.bars.time.astype(f"datetime64[{unit}]").astype(np.int64)
        out[:] = 0.0
        out[:-1] = known[1:] - known[:-1]

    with temporarily(leaking(next_time)):
        assert not audit_features(BARS, ["leaking"]).passed


def test_places_are_spread_drawn_for_the_data_and_the_same_again():
    """Each stretch has one, the last bar but one is one, and other data or another seed have others."""

    def drawn(bars, seed=1):
        return drawn_places(100, len(bars), 320, draws(bars, seed, "audit"))

    places = drawn(BARS)
    np.testing.assert_array_equal(places, drawn(BARS))
    assert places[-1] == len(BARS) - 2
    assert np.diff(places).max() <= 2 * (len(BARS) - 102) / 319 + 1
    assert not np.array_equal(places, drawn(BARS, seed=2))
    assert not np.array_equal(places, drawn(autoregressive(3_000, 0.0, seed=5)))


def test_the_chance_of_finding_a_rare_leak_by_hand():
    assert caught(0, 100) is None
    assert caught(1, 100) == pytest.approx(0.01)
    assert caught(50, 100) == pytest.approx(0.5)
    # 2 of 200 leak: both missed by 20 places with a chance of 180/200 * 179/199.
    assert caught(20, 200) == pytest.approx(1 - 180 * 179 / (200 * 199))
    assert caught(320, 2_500) == pytest.approx(1 - (1 - 320 / 2_500) ** 25, abs=0.01)
    assert caught(199, 200) == 1.0


@pytest.mark.parametrize("key", LABELS)
@pytest.mark.parametrize("horizon", [1, 7, 50])
def test_a_label_looks_no_further_than_its_end(key, horizon):
    assert audit_labels(BARS, lambda bars: LABELS[key].make(bars, horizon, 1.5)) == ()


def test_a_label_that_looks_further_is_caught():
    def short_of_its_end(bars):
        labels = fixed_horizon(bars, 5)
        return Labels(labels.returns, labels.up, np.where(labels.known, labels.end - 1, -1), labels.exit)

    found = audit_labels(BARS, short_of_its_end)
    assert found
    assert all(leak.name == "label" and leak.bar < leak.after for leak in found)

"""Looking at many places together finds what looking at each alone finds."""

import numpy as np
import pytest

from mlmodels.audit import audit_features, screening
from mlmodels.audit.futures import AFTER, change, with_bursts
from mlmodels.audit.screening import screened
from mlmodels.features import DEFAULT_FEATURES, prepare, temporarily
from mlmodels.features.registry import get_feature
from mlmodels.features.table import compute_values
from mlmodels.tests.leaks import leaking
from mlmodels.tests.prices import autoregressive

BARS = autoregressive(4_000, 0.0, seed=6)


def remembering(ahead, weight=1.0):
    """An average that never forgets, and a little of what comes so many bars later."""

    def fill(columns, out):
        returns, level = columns.log_returns, 0.0
        for row in range(len(out)):
            level += (returns[row] - level) / 15.0
            out[row] = level
        out[:-ahead] += weight * returns[ahead:]

    return fill


@pytest.mark.parametrize("ahead", [1, 5, 60, 150])
def test_a_leak_in_a_feature_that_never_forgets_is_seen_beside_its_memory(ahead):
    with temporarily(leaking(remembering(ahead))):
        audit = audit_features(BARS, ["leaking"])
    assert [leak.name for leak in audit.leaks] == ["leaking"]


def test_the_memory_of_a_feature_is_no_leak_and_costs_no_second_look():
    flagged = list(_screened(prepare(BARS, DEFAULT_FEATURES), DEFAULT_FEATURES))
    assert sum(flags.sum() for _, flags in flagged) == 0


@pytest.mark.parametrize("weight", [1e-3, 1.0])
def test_a_rare_leak_is_seen_at_the_very_places_that_lie_on_it(weight):
    told = np.arange(200, 3_800, 160)

    def rarely(columns, out):
        remembering(1, weight=0.0)(columns, out)
        rows = told[told + 1 < len(out)]
        out[rows] += weight * columns.log_returns[rows + 1]

    with temporarily(leaking(rarely)):
        found = _screened(prepare(BARS, ["leaking"]), ["leaking"])
        seen = {place for places, flags in found for place in np.array(places)[flags[:, 0]].tolist()}
    places = np.arange(60, 3_990, 10)
    # What is told within the bars that are compared before a place and looks beyond it shows at the place.
    assert seen == set(places[np.isin(places, told)].tolist())


@pytest.mark.parametrize("ahead", [100, 250, 400])
def test_what_looks_far_ahead_in_a_short_stretch_is_seen_there(ahead):
    """A hundred bars in the middle; the twelve places that are looked at in any case lie elsewhere."""
    bars = autoregressive(12_000, 0.0, seed=6)

    def once(columns, out):
        out[:] = columns.log_returns
        told = np.flatnonzero(
            (columns.bars.time >= bars.time[5_600]) & (columns.bars.time < bars.time[5_700])
        )
        told = told[told + ahead < len(out)]
        out[told] = columns.log_close[told + ahead] - columns.log_close[told]

    with temporarily(leaking(once)):
        audit = audit_features(bars, ["leaking"])
    assert [leak.name for leak in audit.leaks] == ["leaking"]


def test_a_few_huge_values_make_no_leak_of_the_others_a_trace():
    """An average divided by nearly nothing at 5 bars, and at one bar in 160 the next return, as large as the rest."""
    told = np.arange(200, 3_800, 160)

    def broken(columns, out):
        remembering(1, weight=0.0)(columns, out)
        for row in (300, 1_000, 1_700, 2_400, 3_100):
            out[row : row + 1] /= 1e-12
        rows = told[told + 1 < len(out)]
        out[rows] += columns.log_returns[rows + 1]

    with temporarily(leaking(broken)):
        found = _screened(prepare(BARS, ["leaking"]), ["leaking"])
        seen = {place for places, flags in found for place in np.array(places)[flags[:, 0]].tolist()}
    places = np.arange(60, 3_990, 10)
    assert seen >= set(places[np.isin(places, told)].tolist())


def test_each_place_is_in_one_copy_and_stretches_keep_apart():
    places = np.arange(60, 3_990, 10).tolist()
    copies = screening._copies(places, 481)
    assert sorted(number for copy in copies for number in copy) == list(range(len(places)))
    assert all(np.diff([places[number] for number in copy]).min(initial=481) >= 481 for copy in copies)
    assert len(copies) <= 50


def test_changed_stretches_are_sound_bars_and_end():
    changed = with_bursts(BARS, [100, 900], [change(0), change(3)], length=AFTER)
    assert (np.diff(changed.time) > np.timedelta64(0)).all()
    assert (changed.low <= np.minimum(changed.open, changed.close)).all()
    differ = np.flatnonzero(changed.close != BARS.close)
    assert differ.min() == 101
    assert differ.max() == 900 + AFTER
    assert (differ <= 100 + AFTER).sum() >= AFTER - 1


@pytest.mark.parametrize("name", ["day_of_week(sin)", "time_of_day(cos)", "ema_gap(200)", "ema_gap(5)"])
def test_what_is_suspected_without_reason_is_cleared(name):
    """Features of the calendar see every stretch before them, and long averages remember more than a trace."""
    assert audit_features(BARS, [name, "log_return(1)"]).passed


def _screened(table, names):
    chosen = [get_feature(name) for name in names]
    places = np.arange(60, 3_990, 10).tolist()
    changes = [change(number) for number in range(len(places))]
    yield from screened(BARS, lambda bars: compute_values(chosen, bars), table.values, places, changes, 33)

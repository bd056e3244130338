"""What does not follow from the bars is refused by name: memories of other bars, and tables of dates."""

import numpy as np
import pytest

from mlmodels.audit import audit_features
from mlmodels.errors import TrainingError
from mlmodels.features import StrategyFeatures, feature_names, temporarily
from mlmodels.tests.prices import autoregressive
from mlmodels.tests.test_audit import leaking
from mlmodels.training import MLPredictor
from strategies.base import BaseStrategy
from strategies.registry import temporarily as strategies_temporarily

BARS = autoregressive(1_200, 0.0, seed=4)
NEXT = np.append(np.diff(np.log(BARS.close)), 0.0)


def looked_up(columns, out):
    """The next return by date, from a table made elsewhere."""
    place = np.searchsorted(BARS.time, columns.bars.time)
    known = BARS.time[np.minimum(place, len(BARS) - 1)] == columns.bars.time
    out[:] = np.where(known, NEXT[np.minimum(place, len(BARS) - 1)], 0.0)


def memory_by_start():
    """What was computed first for bars of the same beginning."""
    kept = {}

    def fill(columns, out):
        first = int(columns.bars.time[0].astype(np.int64))
        if len(out) == len(BARS):
            kept.setdefault(first, np.append(np.diff(columns.log_close), 0.0))
            out[:] = kept[first]
        else:
            out[:] = 0.0

    return fill


def memory_by_length(columns, out):
    out[:] = NEXT[: len(out)] if len(out) == len(BARS) else 0.0


def row_number(columns, out):
    out[:] = np.arange(len(out), dtype=float)


@pytest.mark.parametrize(
    "fill",
    [looked_up, memory_by_start(), memory_by_length, row_number],
    ids=["table of dates", "memory by start", "memory by length", "row number"],
)
def test_what_does_not_follow_from_the_bars_is_named(fill):
    with temporarily(leaking(fill)):
        audit = audit_features(BARS, ["rsi(14)", "leaking", "day_of_week(sin)"])
    assert audit.detached == ("leaking",)
    assert not audit.passed
    with pytest.raises(TrainingError) as caught:
        audit.require_passed()
    assert "The feature leaking does not follow from the bars" in caught.value.fields["features"][-1]


def test_a_table_of_dates_trains_nothing():
    with temporarily(leaking(looked_up)), pytest.raises(TrainingError, match="does not follow from the bars"):
        MLPredictor("logistic_regression", features=["leaking", "rsi(14)"]).train(BARS)


@pytest.mark.parametrize("years", [0, 60])
def test_what_the_calendar_says_is_no_table(years):
    """Hours, days and months follow from the times alone; so may a strategy's position."""

    def month(columns, out):
        out[:] = columns.bars.time.astype("datetime64[M]").astype(np.int64) % 12

    class Mondays(BaseStrategy):
        key = "mondays"
        label = "Mondays"
        summary = "Holds on Mondays."

        def target(self, bars):
            days = bars.time.astype("datetime64[D]").astype(np.int64)
            return ((days - 4) % 7 == 0).astype(float)

    moved = type(BARS).trusted(
        time=BARS.time + np.timedelta64(years * 365, "D"),
        **{name: getattr(BARS, name) for name in ("open", "high", "low", "close", "volume")},
    )
    with temporarily(leaking(month)), strategies_temporarily(Mondays):
        audit = audit_features(
            moved, ["leaking", "day_of_week(sin)", "day_of_week(cos)"], [StrategyFeatures("mondays")]
        )
    assert audit.passed, audit


@pytest.mark.parametrize("count", [60, 1_200])
def test_all_of_ours_follow_from_the_bars(count):
    assert audit_features(BARS.head(count), feature_names()).detached == ()


def test_what_never_changes_is_left_to_others_to_refuse():
    with temporarily(leaking(lambda columns, out: out.fill(1.0))):
        assert audit_features(BARS, ["leaking"]).passed

"""The ledger of trials: sums that add up whatever order they come in."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.db import connection, connections

from backtests import ledger
from backtests.models import TrialCount

pytestmark = pytest.mark.django_db


def test_totals_are_those_of_all_trials_together(user, series):
    sharpes = [0.01, -0.02, 0.05, 0.03, math.nan, 0.0]
    ledger.record(user=user, series=series, strategy_type="rsi", source="sweep", count=4, sharpes=sharpes[:4])
    ledger.record(
        user=user, series=series, strategy_type="rsi", source="sweep", count=1, sharpes=sharpes[4:5]
    )
    ledger.record(user=user, series=series, strategy_type="macd", source="run", count=1, sharpes=sharpes[5:])
    known = [value for value in sharpes if value == value]
    totals = ledger.totals(user=user, series=series)
    assert totals.count == 6
    assert totals.mean == pytest.approx(np.mean(known), rel=1e-12)
    assert totals.variance == pytest.approx(np.var(known, ddof=1), rel=1e-9)


def test_a_million_cells_are_one_row(user, series):
    cells = np.linspace(-0.1, 0.1, 1_000_000)
    ledger.record(
        user=user,
        series=series,
        strategy_type="ma_crossover",
        source="sweep",
        count=len(cells),
        sharpes=cells,
    )
    assert TrialCount.objects.get().count == 1_000_000


def test_each_finished_run_is_a_trial(finished, user):
    totals = ledger.totals(user=user, series=finished.series)
    assert totals.count == 1
    assert totals.mean == pytest.approx(finished.sharpe_ratio / math.sqrt(finished.periods_per_year))


def test_nobody_counts_the_trials_of_another(user, other_user, series):
    ledger.record(user=user, series=series, strategy_type="rsi", source="preview", count=3, sharpes=[0.1])
    assert ledger.totals(user=other_user, series=series).count == 0


def test_without_trials_mean_and_variance_are_undefined(user, series):
    totals = ledger.totals(user=user, series=series)
    assert totals.count == 0
    assert math.isnan(totals.mean)
    assert math.isnan(totals.variance)


@pytest.mark.django_db(transaction=True)
def test_no_trial_is_lost_when_two_are_counted_at_once(user, series):
    def count_one(_):
        try:
            ledger.record(
                user=user, series=series, strategy_type="rsi", source="preview", count=1, sharpes=[0.1]
            )
        finally:
            connections[connection.alias].close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_one, range(20)))
    assert ledger.totals(user=user, series=series).count == 20

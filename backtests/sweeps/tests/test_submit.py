"""What is refused before a sweep starts, in words that name the value and the remedy; nothing is stored then."""

import datetime as dt
import math
from decimal import Decimal

import pytest

from algotrade.jobs.models import Job
from backtests.models import Sweep
from backtests.sweeps.errors import SweepRefused
from backtests.sweeps.services import SweepService
from backtests.sweeps.tests.conftest import AXES
from strategies.errors import StrategyError

pytestmark = [pytest.mark.django_db, pytest.mark.services]

FAST = {"name": "fast_period", "values": [2, 4]}


def refused(sweep_of, **changes):
    with pytest.raises(SweepRefused) as caught:
        sweep_of(**changes)
    assert not Sweep.objects.exists()
    assert not Job.objects.exists()
    return caught.value.fields


def axis_refusal(sweep_of, **axis):
    return refused(sweep_of, axes=[axis])["axes.0"][0]


def test_sweep_and_job_are_stored_together(sweep_of, strategy):
    sweep = sweep_of()
    job = Job.objects.get()
    assert (sweep.job, job.kind, job.payload) == (job, "backtests.sweep", {"sweep_id": sweep.pk})
    assert (job.title, job.result_url) == ("Sweep of Crossing on WAVE", f"/optimise/{sweep.pk}/")
    assert (sweep.status, sweep.cell_count, sweep.valid_count) == ("queued", 15, None)
    assert sweep.axes == [
        {"name": "fast_period", "values": [2, 4, 6, 8, 10]},
        {"name": "slow_period", "values": [6, 12, 24]},
    ]
    assert sweep.parameters == strategy.parameters


def test_decimal_steps_meet_their_end(sweep_of):
    sweep = sweep_of(axes=[{"name": "configuration.stop_loss", "start": 0.1, "stop": 0.3, "step": 0.1}])
    assert sweep.axes[0]["values"] == [0.1, 0.2, 0.3]
    again = {
        "name": "configuration.stop_loss",
        "start": Decimal("0.1"),
        "stop": Decimal("0.35"),
        "step": Decimal("0.1"),
    }
    assert sweep_of(axes=[again]).axes[0]["values"] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("axes", [None, [], {}, "fast_period", 7])
def test_no_axes_is_nothing_to_sweep(sweep_of, axes):
    assert "Give at least one axis" in refused(sweep_of, axes=axes)["axes"][0]


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ({"name": "fast_perid", "values": [1]}, "Did you mean 'fast_period'?"),
        ({"name": "configuration.stop_los", "values": [0.1]}, "Did you mean 'configuration.stop_loss'?"),
        ({"name": None, "values": [1]}, "nothing a sweep can vary"),
        ({"values": [1]}, "nothing a sweep can vary"),
        ({"name": "fast_period", "value": [1]}, "Did you mean 'values'?"),
        ({"name": "fast_period"}, "Give either values, or start, stop and step"),
        ({"name": "fast_period", "values": [2], "start": 1}, "Give either values"),
        ({"name": "fast_period", "values": []}, "has no values"),
        ({"name": "fast_period", "values": "2"}, "has no values"),
        ({"name": "fast_period", "values": [2, 2]}, "twice"),
        ({"name": "fast_period", "values": [2, 2.5]}, "2.5 is not a whole number"),
        ({"name": "fast_period", "values": [0]}, "0 is out of bounds"),
        ({"name": "fast_period", "values": [math.nan]}, "not a whole number"),
        ({"name": "ma_type", "values": ["sma", "smma"]}, "is not a choice"),
        ({"name": "configuration.stop_loss", "values": [math.nan]}, "stop_loss"),
        ({"name": "configuration.stop_loss", "values": [1.5]}, "out of range"),
        ({"name": "configuration.size", "values": [5]}, "has no meaning with sizing"),
        ({"name": "fast_period", "start": 2, "stop": 10, "step": 0}, "the step is 0"),
        ({"name": "fast_period", "start": 2, "stop": 10, "step": -1}, "the step is -1"),
        ({"name": "fast_period", "start": 10, "stop": 2, "step": 1}, "Swap them"),
        ({"name": "fast_period", "start": 2, "stop": 10}, "step is null"),
        ({"name": "fast_period", "start": 2, "stop": math.inf, "step": 1}, "Give a finite number"),
        ({"name": "fast_period", "start": 2, "stop": True, "step": 1}, "stop is True"),
        ({"name": "fast_period", "start": 2, "stop": 1e12, "step": 1e-6}, "at most 10"),
        (["fast_period", 1, 2], "Give an axis as an object"),
    ],
)
def test_a_bad_axis_is_refused_in_words(sweep_of, axis, words):
    assert words in refused(sweep_of, axes=[axis])["axes.0"][0]


def test_every_bad_axis_is_told_at_once(sweep_of):
    fields = refused(sweep_of, axes=[{"name": "x", "values": [1]}, FAST, {"name": "slow_period"}])
    assert set(fields) == {"axes.0", "axes.2"}


def test_an_axis_that_comes_twice_is_refused(sweep_of):
    assert "two axes" in refused(sweep_of, axes=[FAST, FAST])["axes"][0]


def test_more_axes_than_a_sweep_can_have(sweep_of):
    assert "at most" not in refused(sweep_of, axes=[FAST] * 9)["axes"][0]
    assert "more than the 8" in refused(sweep_of, axes=[FAST] * 9)["axes"][0]


def test_a_thousand_million_combinations_name_the_limit_and_the_remedy(sweep_of, settings):
    periods = {"start": 1, "stop": 499, "step": 1}
    axes = [
        {"name": "fast_period", **periods},
        {"name": "slow_period", "start": 2, "stop": 500, "step": 1},
        {"name": "configuration.stop_loss", "start": 0.0001, "stop": 0.5, "step": 0.0001},
    ]
    said = refused(sweep_of, axes=axes)["axes"][0]
    assert "1\u202f000\u202f000" in said
    assert "SWEEP_MAX_CELLS" in said
    assert "random sample" in said
    assert sweep_of(axes=axes, method="random", samples=100).cell_count == 100
    settings.SWEEP_MAX_CELLS = 14
    Sweep.objects.all().delete()
    Job.objects.all().delete()
    assert "at most 14" in refused(sweep_of)["axes"][0]
    assert "at most 14" in refused(sweep_of, method="random", samples=15)["samples"][0]


def test_a_space_without_one_combination_that_can_run_says_why(sweep_of):
    axes = [{"name": "fast_period", "values": [20, 30]}, {"name": "slow_period", "values": [10]}]
    assert "is not below the slow period" in refused(sweep_of, axes=axes)["axes"][0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"method": "bayes"}, "method"),
        ({"method": "random"}, "samples"),
        ({"samples": 5}, "samples"),
        ({"objective": "sharpe"}, "objective"),
        ({"seed": -1}, "seed"),
        ({"configuration": {"comission": 1}}, "configuration.comission"),
        ({"start_date": dt.date(2019, 1, 1)}, "start_date"),
    ],
)
def test_the_rest_of_the_request_is_checked_too(sweep_of, changes, field):
    assert field in refused(sweep_of, **changes)


def test_somebody_else_s_strategy_is_not_there(sweep_of, other_user):
    with pytest.raises(StrategyError):
        sweep_of(user=other_user)


def test_values_that_stay_at_one_can_differ_from_the_stored_ones(sweep_of):
    sweep = sweep_of(axes=[FAST], parameters={"slow_period": 50})
    assert sweep.parameters["slow_period"] == 50


def test_a_value_that_goes_together_with_an_axis_only_is_kept(sweep_of):
    # Stored is a slow period of 8: a fast one of 40 goes with the values of the axis, not with that.
    sweep = sweep_of(axes=[{"name": "slow_period", "values": [30, 50, 60]}], parameters={"fast_period": 40})
    assert (sweep.parameters["fast_period"], sweep.parameters["slow_period"]) == (40, 50)


def test_a_count_is_exact_for_few_and_an_estimate_for_many(user, strategy):
    def count(**axes):
        asked = [{"name": name, "start": 1, "stop": stop, "step": 1} for name, stop in axes.items()]
        asked[1]["start"] = 2
        return SweepService.count(user=user, strategy=strategy, axes=asked)

    few = count(fast_period=3, slow_period=4)
    # slow 2: 1; slow 3: 1, 2; slow 4: 1, 2, 3.
    assert (few.cells, few.valid, few.exact) == (9, 6, True)
    many = count(fast_period=400, slow_period=401)
    assert (many.cells, many.exact) == (160_000, False)
    assert many.valid == pytest.approx(80_200, rel=0.1)
    assert not Sweep.objects.exists()


def test_the_axes_of_the_shared_sweep_are_counted(user, strategy):
    assert SweepService.count(user=user, strategy=strategy, axes=AXES).valid == 12

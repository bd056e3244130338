"""Which results are doubted, and in which words."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from backtests.doubts import Evidence, doubts_about
from backtests.engine import TRADE_DTYPE
from backtests.robustness.lookahead import LookaheadAudit
from backtests.trials import TrialTotals
from backtests.verdict import in_words


def evidence(profits=(10.0,) * 40, **changes):
    trades = np.zeros(len(profits), dtype=TRADE_DTYPE)
    trades["pnl"] = profits
    simulation = SimpleNamespace(
        trades=trades,
        ruined=False,
        ambiguous_bars=changes.pop("ambiguous_bars", 0),
        rejected_orders=0,
        config=SimpleNamespace(optimistic=False),
    )
    metrics = SimpleNamespace(
        total_trades=len(profits),
        total_return=changes.pop("total_return", 0.4),
        excess_return=changes.pop("excess_return", 0.1),
        sharpe_low=changes.pop("sharpe_low", 0.2),
        sharpe_high=1.8,
        sharpe_ratio=1.0,
        periods_per_year=252.0,
        bars=2521,
        skewness=0.0,
        excess_kurtosis=0.0,
    )
    given = {"audit": LookaheadAudit(12, -1), "doubled_costs": 0.3, **changes}
    return Evidence(simulation=simulation, metrics=metrics, **given)


def codes(found):
    return [doubt["code"] for doubt in doubts_about(found)]


def test_a_result_that_stands_every_check_is_not_doubted():
    assert codes(evidence()) == []


def test_a_good_result_after_few_trials_that_hardly_differ_is_not_doubted_for_them():
    assert codes(evidence(earlier=TrialTotals(3, 0.0, 0.0001))) == []


def test_a_first_trial_has_nothing_to_be_the_best_of():
    assert codes(evidence(earlier=TrialTotals(0, math.nan, math.nan))) == []


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"audit": LookaheadAudit(12, 77)}, "lookahead", "bar 77"),
        ({"total_return": -0.1633}, "loses", "16.3"),
        ({"sharpe_low": -0.21}, "weak_sharpe", "−0.21 to 1.80"),
        ({"excess_return": -0.5}, "behind_benchmark", "50.0"),
        ({"doubled_costs": None}, "no_costs", "Neither commission"),
        ({"doubled_costs": -0.02}, "doubled_costs", "−2.0"),
        ({"profits": (10.0,) * 29}, "few_trades", "29 trades"),
        ({"profits": (1.0,) * 39 + (100.0,)}, "one_trade", "71.9"),
        ({"ambiguous_bars": 4}, "ambiguous_bars", "4 bars"),
        ({"in_sample": 0.25}, "in_sample_model", "25.0"),
        # 0.063 a bar over 2,520 bars; the best of 1,001 with a spread of 0.02 a bar shows 0.065 (1.03 a year) by luck
        (
            {"earlier": TrialTotals(1000, 0.0, 0.0004)},
            "many_trials",
            "trial 1\u202f001 on this data. The best of so many",
        ),
        (
            {
                "data_problems": [
                    {"kind": "gap", "severity": "warning", "count": 2, "bars": 9, "dates": ["2020-03-02"]}
                ]
            },
            "data_quality",
            "2 gaps (9 bars are missing): 2020-03-02 …",
        ),
    ],
)
def test_each_doubt_stands_alone_and_names_its_numbers(changes, code, words):
    found = evidence(**changes)
    assert codes(found) == [code]
    (verdict,) = in_words(doubts_about(found))
    assert words in verdict.words
    assert verdict.meaning


@pytest.mark.parametrize(("deflated", "shown"), [(0.42, "0.42"), (0.9496, "0.949"), (0.94999999, "0.949")])
def test_a_ratio_that_is_too_small_is_never_shown_as_the_limit_itself(deflated, shown):
    doubt = {"code": "many_trials", "trials": 1001, "luck": 1.03, "deflated": deflated, "certainty": 0.95}
    (verdict,) = in_words([doubt])
    assert f"the deflated Sharpe ratio is {shown}, below 0.95." in verdict.words


def test_a_loss_is_said_once_and_not_also_as_luck_or_thin_margin():
    found = codes(evidence(total_return=-0.1, sharpe_low=-1.0, doubled_costs=-0.2))
    assert found == ["loses"]


def test_a_run_without_trades_says_only_that():
    assert codes(evidence(profits=(), total_return=0.0, sharpe_low=float("nan"))) == ["no_trades"]


def test_what_makes_a_result_worthless_comes_first():
    found = evidence(ambiguous_bars=1, audit=LookaheadAudit(12, 3))
    assert [verdict.severe for verdict in in_words(doubts_about(found))] == [True, False]


def test_that_a_model_knew_the_answers_is_said_before_everything_else():
    stored = [
        {"code": "no_costs"},
        {"code": "lookahead", "bar": 3},
        {"code": "in_sample_model", "share": 0.5},
    ]
    assert [said.code for said in in_words(stored)] == ["in_sample_model", "lookahead", "no_costs"]

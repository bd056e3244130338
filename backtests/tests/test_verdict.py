"""Reasons for doubt, each from a simulation small enough to check by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from backtests.engine import SimulationConfig
from backtests.verdict import REASONS, doubts_about, in_words


def simulation(profits, **changes):
    trades = np.zeros(len(profits), dtype=[("pnl", float)])
    trades["pnl"] = profits
    plain = {"trades": trades, "ruined": False, "ambiguous_bars": 0, "rejected_orders": 0}
    return SimpleNamespace(**plain | {"config": SimulationConfig()} | changes)


def codes(*args, **kwargs):
    return [doubt["code"] for doubt in doubts_about(*args, **kwargs)]


def test_thirty_even_trades_give_no_doubt():
    assert codes(simulation([1.0] * 30)) == []


def test_twenty_nine_trades_are_too_few():
    assert codes(simulation([1.0] * 29)) == ["few_trades"]


def test_no_trade_at_all_says_so_once():
    assert codes(simulation([])) == ["no_trades"]


def test_one_trade_above_half_of_the_net_profit_is_named_with_its_share():
    # 30 trades: 29 of 1 and one of 30; net 59, share 30 / 59.
    doubts = doubts_about(simulation([1.0] * 29 + [30.0]))
    assert doubts == [{"code": "one_trade", "share": 30 / 59}]


def test_exactly_half_is_not_above_half():
    assert codes(simulation([1.0] * 29 + [29.0])) == []


def test_a_loss_has_no_trade_that_carries_the_profit():
    assert codes(simulation([-5.0] * 30 + [10.0])) == []


def test_ambiguous_bars_ruin_and_rejections_are_told():
    found = codes(simulation([1.0] * 30, ambiguous_bars=2, ruined=True, rejected_orders=4))
    assert found == ["ruin", "ambiguous_bars", "rejected_orders"]


def test_data_of_a_good_grade_gives_no_doubt_despite_a_gap():
    assert codes(simulation([1.0] * 30), quality={"grade": "good", "missing_bars": 1}) == []


def test_doubtful_data_lists_its_problems():
    report = {"grade": "poor", "missing_bars": 12, "split_count": 1, "stale_count": 0}
    said = in_words(doubts_about(simulation([1.0] * 30), quality=report))
    assert said[0].words == "The price series has open quality problems: 12 missing bars, 1 suspected splits."


def test_bars_that_the_model_was_trained_on_come_first():
    said = in_words(doubts_about(simulation([1.0]), in_sample=0.25))
    assert [verdict.code for verdict in said] == ["in_sample_model", "few_trades"]
    assert "25 %" in said[0].words


def test_a_code_that_is_no_longer_known_is_left_out():
    assert in_words([{"code": "gone"}]) == []


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_reads_without_a_hole(code):
    values = {"trades": 3, "enough": 30, "share": 0.6, "bars": 2, "orders": 1, "counts": {"stale_count": 2}}
    said = in_words([{"code": code, **values}])[0]
    assert "%(" not in said.words
    assert said.label
    assert said.meaning

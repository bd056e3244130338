"""A preview process that is none: the same work in the test's own process, so that most tests start nothing."""

import pytest

from algotrade.errors import LabError
from algotrade.jobs.responder import Refused
from backtests.preview import computing, markets, process
from backtests.preview.trials import RecentTrials
from backtests.tests.conftest import series, strategy, submit, wavy_bars

__all__ = ["series", "strategy", "submit", "wavy_bars"]


@pytest.fixture
def asked(monkeypatch):
    """The questions that reached the process."""
    questions = []

    def ask(question, *, asker):
        questions.append(question)
        try:
            return computing.answer(question)
        except LabError as error:
            raise Refused(error.code, error.detail, error.fields) from error

    monkeypatch.setattr(process, "ask", ask)
    monkeypatch.setattr("backtests.preview.service.recent", RecentTrials())
    markets.forget()
    return questions


@pytest.fixture
def body():
    return {
        "strategy_type": "ma_crossover",
        "parameters": {"fast_period": 3, "slow_period": 8, "ma_type": "sma"},
        "symbol": "WAVE",
        "timeframe": "1d",
        "initial_capital": 10_000,
    }

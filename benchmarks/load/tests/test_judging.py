"""How figures are judged beside their goals."""

import time
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from benchmarks.load import flood
from benchmarks.load.flood import hold_most
from benchmarks.load.report import Rows
from benchmarks.load.rooms import SETTLED, Round


@pytest.mark.parametrize(("most", "reached"), [(0, False), (1, True), (200, True), (201, False)])
def test_a_limit_is_kept_by_what_was_seen_and_not_by_nothing(most, reached):
    found = Rows("runs")
    hold_most(found, "waiting", most, 200)
    assert [row.reached for row in found] == [reached]


def test_a_flood_that_nobody_watched_to_the_end_has_no_figures(monkeypatch):
    answers = Mock(run=lambda *words: (202, {"job": {"id": 1}}, 0.1))
    monkeypatch.setattr(flood, "work", answers)
    monkeypatch.setattr(flood, "Client", Mock())
    ask = Mock(return_value=[("queued", 3), ("running", 2)])

    def once_looked_at(*words, **options):
        while not ask.called:
            time.sleep(0.01)
        return [[timedelta(seconds=1)]]

    monkeypatch.setattr(flood, "eventually", once_looked_at)
    house = SimpleNamespace(lab=SimpleNamespace(environment={}, log=Mock()), ask=ask, server="daphne")
    assert all(row.reached is not False for row in flood.measure(house, short=True))
    ask.side_effect = ConnectionError("the database is away")
    with pytest.raises(ConnectionError):
        flood.measure(house, short=True)


def test_memory_that_grew_and_came_back_has_grown():
    # 90 MB while all is opened; then 100, a peak of 160 and 105 in the end: 60 more than after the first seconds.
    assert Round(memory=[90.0] * SETTLED + [100.0, 160.0, 105.0]).growth() == 60.0
    assert Round(memory=[100.0, 120.0]).growth() == 0.0


def test_several_rounds_together_are_as_late_as_the_latest():
    assert Round.together([Round(late=0.1), Round(late=0.3), Round()]).late == 0.3

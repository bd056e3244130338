"""The planted defects take away what the product has: a name that moved would plant nothing."""

from pathlib import Path

import pytest

from algotrade.jobs import dispatch, events, pool, processes, services
from algotrade.jobs.consumers import JobConsumer
from algotrade.jobs.models import Job
from backtests.services import BacktestService
from benchmarks.faults import defects, invariant
from benchmarks.faults.injecting import FAULTS
from benchmarks.faults.planted import DEFECTS

PATCHED = (Job, JobConsumer, BacktestService, dispatch, events, pool, pool.LocalPool, processes, services)


@pytest.fixture
def restored():
    before = {place: dict(vars(place)) for place in PATCHED}
    yield before
    for place, names in before.items():
        for name in set(vars(place)) - set(names):
            delattr(place, name)
        for name, value in names.items():
            if vars(place).get(name) is not value:
                setattr(place, name, value)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_replaces_what_there_is(name, restored):
    known = {place: dir(place) for place in PATCHED}
    getattr(defects, name)()
    changed = [
        (place, attribute)
        for place in PATCHED
        for attribute, value in vars(place).items()
        if restored[place].get(attribute) is not value
    ]
    assert changed
    assert all(attribute in known[place] for place, attribute in changed), changed


def test_at_least_ten_can_be_planted_each_under_faults_that_exist():
    assert len(DEFECTS) >= 10
    assert {fault for defect in DEFECTS.values() for fault in defect.faults} <= set(FAULTS)


def test_each_is_to_be_found_by_rules_that_exist():
    source = (Path(invariant.__file__).parent / "invariant.py").read_text()
    source += (Path(invariant.__file__).parent / "trial.py").read_text()
    rules = {rule for defect in DEFECTS.values() for rule in defect.rules}
    assert not {rule for rule in rules if f'"{rule}"' not in source}
    assert all(defect.rules for defect in DEFECTS.values())

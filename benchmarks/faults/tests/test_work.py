"""How answers to submissions are counted."""

import random
from types import SimpleNamespace

import pytest

from benchmarks.faults.work import KINDS, Work


def answers(status):
    """What is counted after a submission of Ada's that was answered so."""
    person = SimpleNamespace(
        name="ada", strategies={"quick": 1}, ask=lambda *words: (status, {"detail": "No."})
    )
    work = Work(None, None, random.Random(1))
    assert work.submit(person, KINDS["quick"]) is None
    return work.answers


@pytest.mark.parametrize(("status", "count"), [(0, 1), (500, 1), (503, 1), (507, 1), (400, 0), (429, 0)])
def test_what_may_have_made_a_job_all_the_same_is_counted_for_its_owner(status, count):
    assert answers(status).unanswered["ada"] == count


@pytest.mark.parametrize(("status", "broken"), [(500, 1), (502, 1), (503, 0), (507, 0), (429, 0), (0, 0)])
def test_an_error_that_says_nothing_is_kept(status, broken):
    assert len(answers(status).broken) == broken

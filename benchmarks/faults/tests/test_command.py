"""The command of the suite: what means nothing is refused, because a plan without faults finds nothing."""

import pytest

from benchmarks.chaos import asked
from benchmarks.faults.planted import DEFECTS


def test_what_is_asked_for_is_understood():
    assert asked(["--only", "crash,endless"]).only == {"crash", "endless"}
    assert asked(["--short"]).only == set()
    assert asked(["--defects"]).defects == list(DEFECTS)
    assert asked(["--defects", "no_fence,no_lease"]).defects == ["no_fence", "no_lease"]


@pytest.mark.parametrize(
    "words",
    [
        "--only typo",
        "--only crash,typo",
        "--only redis_killed --deployment embedded",
        "--defects typo",
        "--short --minutes 60",
        "--defects no_fence --minutes 60",
    ],
)
def test_what_means_nothing_is_refused(words):
    with pytest.raises(SystemExit) as ended:
        asked(words.split())
    assert ended.value.code == 2

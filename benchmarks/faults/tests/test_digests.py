"""What is read of a result: all of it, or words for what is missing, which are never taken for a fingerprint."""

from types import SimpleNamespace

import pytest

from benchmarks.faults.digests import READ, digests, is_fingerprint
from benchmarks.faults.tests.test_invariant import accepted, row

WHOLE = {name: 1 for names in READ["backtests.run"].values() for name in names}


def digest(answer, kind="backtests.run"):
    """What is found of one result whose addresses answer so."""
    person = SimpleNamespace(name="ada", ask=lambda method, path: answer)
    return digests(
        SimpleNamespace(
            record=SimpleNamespace(jobs=lambda: [row(kind=kind)], ask=lambda query: []),
            work=SimpleNamespace(accepted=accepted(), people={"ada": person}),
            crowd=SimpleNamespace(name="crowd"),
        )
    )["a"]


def test_a_result_that_is_read_whole_has_a_fingerprint():
    assert is_fingerprint(digest((200, WHOLE)))
    assert digest((200, WHOLE)) != digest((200, WHOLE | {"metrics": 2}))
    assert digest((200, WHOLE)) == digest((200, WHOLE | {"id": 2}))


@pytest.mark.parametrize("missing", WHOLE)
def test_a_result_that_lacks_something_has_none(missing):
    found = digest((200, {name: value for name, value in WHOLE.items() if name != missing}))
    assert missing in found
    assert not is_fingerprint(found)


@pytest.mark.parametrize("answer", [(500, WHOLE), (500, {"detail": "no"}), (0, None), (200, {}), (200, None)])
def test_an_answer_without_a_result_is_no_fingerprint(answer):
    assert not is_fingerprint(digest(answer))


def test_a_row_without_its_hash_has_no_fingerprint():
    assert not is_fingerprint(digest((200, WHOLE), kind="backtests.sweep"))

"""The checks on input by themselves."""

import time

import pytest

from algotrade.boundary import MAX_JSON_DEPTH, problem_in_depth, problem_in_json, problem_in_text


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x\udfff"])
def test_text_that_no_database_takes_is_a_problem(text):
    assert problem_in_text(text)


@pytest.mark.parametrize("text", ["", "Ωmega", "\U0001f600", "tab\tand\nline", "\ufffd"])
def test_other_text_is_not(text):
    assert problem_in_text(text) == ""


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": ["\\ud800"]}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 9223372036854775808}',
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_json_that_no_column_takes_is_a_problem(body):
    assert problem_in_json(body)


@pytest.mark.parametrize(
    "body",
    [b'{"a": 9223372036854775807}', b"[1.5, null, true]", b'"[[[["', b"{", b"", b'"\\', b'{"a": "\\"[["}'],
)
def test_other_json_and_what_is_none_passes_to_its_parser(body):
    assert problem_in_json(body) == ""


def test_depth_counts_brackets_outside_of_texts():
    deepest = "[" * MAX_JSON_DEPTH + "]" * MAX_JSON_DEPTH
    assert problem_in_depth(deepest) == ""
    assert problem_in_depth(f"[{deepest}]")
    assert problem_in_depth('{"a":"' + "[" * 1000 + '"}') == ""
    assert problem_in_depth('["' + '\\"' * 100 + '",' + "[" * 70)


@pytest.mark.parametrize(
    "body",
    [
        "[" * 2_000_000,
        '"' + '\\"' * 1_000_000,
        '"' + "a" * 2_000_000 + "\\",
        '"' * 2_000_000,
        "[]" * 1_000_000,
    ],
)
def test_two_megabytes_made_to_be_slow_are_checked_in_a_moment(body):
    started = time.perf_counter()
    problem_in_depth(body)
    assert time.perf_counter() - started < 2

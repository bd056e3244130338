"""Every code that can end a job has advice: codes of error classes and those given in words, read off the sources."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from algotrade.jobs import advice

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("algotrade", "accounts", "marketdata", "strategies", "mlmodels", "backtests")
# Answered at the door, to whoever asks for something over HTTP; no job comes so far.
AT_THE_DOOR = {
    "account_changed",
    "account_error",
    "account_invalid",
    "api_token_refused",
    "audit_append_only",
    "audit_error",
    "export_under_way",
    "job_ended",
    "job_error",
    "last_superuser",
    "locked_out",
    "login_refused",
    "not_authenticated",
    "permission_denied",
    "preview_error",
    "preview_invalid",
    "preview_no_data",
    "preview_replaced",
    "preview_too_slow",
    "preview_unavailable",
    "preview_unsupported",
    "preview_warming",
    "registration_closed",
    "token_refused",
    "token_scope",
    "too_many_tokens",
    "uploads_full",
}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "tests" not in path.parts and "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def class_codes(tree: ast.Module) -> Iterator[str]:
    """`code = "..."` in the body of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                names = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
                if any(getattr(name, "id", "") == "code" for name in names):
                    yield from _text(getattr(line, "value", None))


def given_codes(tree: ast.Module) -> Iterator[str]:
    """What a job is ended with: `fail("...", ...)`, `partial(job.fail, "...")`, `code="..."` and its default."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (text for given in node.keywords if given.arg == "code" for text in _text(given.value))
            words: list[ast.expr] = [node.func, *node.args]
            for before, after in pairwise(words):
                if getattr(before, "attr", "") == "fail":
                    yield from _text(after)
        elif isinstance(node, ast.FunctionDef):
            for name, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
                if name.arg == "code":
                    yield from _text(default)


def _text(value: ast.AST | None) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def codes() -> Iterator[str]:
    jobs = ROOT / "algotrade" / "jobs"
    for path, tree in sources():
        yield from class_codes(tree)
        if jobs in path.parents:
            yield from given_codes(tree)


CODES = sorted(set(codes()))


def test_the_sources_are_read():
    assert {"worker_lost", "deadline_exceeded", "file_invalid", "sweep_damaged", "internal_error"} <= set(
        CODES
    )
    assert len(CODES) > 70


def test_every_code_that_can_end_a_job_has_advice():
    missing = set(CODES) - AT_THE_DOOR - advice.advised_codes()
    assert not missing, "say in <app>/advice.py what to do about these, or that they stay at the door"


def test_nothing_is_advised_about_codes_that_are_gone():
    assert not advice.advised_codes() - set(CODES)


@pytest.mark.parametrize("code", sorted(advice.advised_codes()))
def test_an_advice_is_a_sentence_or_two(code):
    text = str(advice.advice_for(code).text)
    assert text[0].isupper()
    assert text.endswith(".")
    assert len(text) < 320


def test_an_unknown_code_still_gets_advice_and_no_failure_none():
    assert "number" in str(advice.advice_for("of_a_plug_in").text)
    assert advice.advice_for("") is None


def test_two_apps_cannot_advise_about_one_code():
    with pytest.raises(ValueError, match="worker_lost"):
        advice.register_advice({"worker_lost": advice.Advice("Something else.")})

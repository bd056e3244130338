"""What no input may hold, wherever it comes from. Each check answers with a sentence, or with "" when all is well."""

import json
import math
import re

MAX_JSON_DEPTH = 64
# The largest whole number a column holds; a larger one would fail in the database instead of here.
MAX_INTEGER = 2**63 - 1
# Possessive, and content with a missing end: no text makes it slow.
STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
NOT_BRACKETS = re.compile(r"[^\[\]{}]+")
BROKEN_TEXT = re.compile("[\x00\ud800-\udfff]")


def problem_in_text(text: str) -> str:
    """NUL and lone surrogates: neither a database nor UTF-8 takes them."""
    return (
        "The input holds a NUL character or a broken character: remove it."
        if BROKEN_TEXT.search(text)
        else ""
    )


def problem_in_depth(text: str) -> str:
    """Brackets nested deeper than anybody means; JSON parsers recurse."""
    depth = 0
    for bracket in NOT_BRACKETS.sub("", STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_JSON_DEPTH:
            return f"The JSON is nested too deeply: at most {MAX_JSON_DEPTH} levels are read."
    return ""


def problem_in_json(body: bytes) -> str:
    """A JSON body. What is no JSON at all passes: the parser that owns the request words that error."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return f"The JSON is not UTF-8 (byte {error.start}): encode it as UTF-8."
    if problem := problem_in_depth(text):
        return problem
    try:
        value = json.loads(text)
    except ValueError:
        return ""
    return _problem_in_value(value)


def _problem_in_value(value: object) -> str:
    if isinstance(value, str):
        return problem_in_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "The JSON holds a number that is not finite: give a finite one, or null."
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "The JSON holds a whole number beyond 64 bits: give a smaller one."
    if isinstance(value, dict):
        parts = [part for pair in value.items() for part in pair]
    else:
        parts = value if isinstance(value, list) else []
    return next(filter(None, map(_problem_in_value, parts)), "")

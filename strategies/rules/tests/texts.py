"""Shared by the tests of the rule language."""

import numpy as np

from strategies.rules import bind, parse
from strategies.rules.errors import RuleError
from strategies.rules.evaluation import Evaluation
from strategies.rules.tree import Kind


def number(text, bars, **values):
    tree = bind(parse(text, tuple(sorted(values)), gives=Kind.NUMBER), values, text)
    return Evaluation(bars, [tree]).numbers(tree)


def condition(text, bars, **values):
    tree = bind(parse(text, tuple(sorted(values))), values, text)
    return Evaluation(bars, [tree]).condition(tree)


def refused(text, names=(), **kwargs):
    """The error that a text gives; it must give one, when read or when bound."""
    try:
        tree = parse(text, names, **kwargs)
        bind(tree, dict.fromkeys(names, 3.0), text)
    except RuleError as error:
        return error
    raise AssertionError(f"{text!r} was accepted")


def same(found, expected):
    assert np.array_equal(found, expected, equal_nan=True), np.asarray(found).tolist()

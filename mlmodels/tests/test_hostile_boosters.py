"""Boosters with a field that XGBoost's reader would believe: each is refused before it reads them."""

import struct

import numpy as np
import pytest
import xgboost

from mlmodels.estimators import ubj
from mlmodels.estimators.xgboost import OBJECTIVE, XGBoostEstimator
from mlmodels.tests.rows import known

FEATURES, UP = known(800, columns=3)


def trained(**settings):
    asked = {"objective": OBJECTIVE, "tree_method": "hist", "nthread": 1, **settings}
    return bytes(
        xgboost.train(asked, xgboost.DMatrix(FEATURES, label=UP, nthread=1), 3).save_raw(raw_format="ubj")
    )


def named(name):
    return struct.pack(">q", len(name)) + name


def with_number(content, column, place, number):
    """One number of the first tree's column of 32-bit integers replaced."""
    head = named(column) + b"[$l#L"
    at = content.index(head) + len(head) + 8 + 4 * place
    return content[:at] + struct.pack(">i", number) + content[at + 4 :]


def with_text(content, name, text):
    """The first text of this name replaced by another one of the same length."""
    head = named(name) + b"SL" + struct.pack(">q", len(text))
    at = content.index(head) + len(head)
    return content[:at] + text + content[at + len(text) :]


@pytest.mark.parametrize(
    ("place", "number"), [(0, 0), (1, 2**31 - 1), (1, 2**31 - 2), (2, -1), (3, 3), (4, 2), (5, 1)]
)
def test_a_node_whose_parent_is_another_one_is_refused(place, number):
    content = trained()
    parents = ubj.read(content)["learner"]["gradient_booster"]["model"]["trees"][0]["parents"]
    assert parents[:6].tolist() == [2**31 - 1, 0, 0, 1, 1, 2]
    with pytest.raises(ValueError, match="has another parent"):
        XGBoostEstimator.from_bytes(with_number(content, b"parents", place, number))


def test_a_node_with_two_parents_is_refused():
    content = trained()
    twice = with_number(with_number(content, b"left_children", 1, 5), b"right_children", 1, 6)
    with pytest.raises(ValueError, match="has another parent"):
        XGBoostEstimator.from_bytes(twice)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (b"num_trees", b"4", "another number of trees"),
        (b"num_parallel_tree", b"3", "another number of trees"),
        (b"num_deleted", b"1", "of another kind"),
        (b"size_leaf_vector", b"7", "of another kind"),
        (b"num_class", b"3", "more than two outcomes"),
        (b"num_target", b"2", "more than two outcomes"),
    ],
)
def test_a_count_that_is_not_that_of_the_trees_is_refused(name, text, said):
    with pytest.raises(ValueError, match=said):
        XGBoostEstimator.from_bytes(with_text(trained(), name, text))


@pytest.mark.parametrize(
    ("name", "match"), [("sum_hessian", "differ in length"), ("categories", "asks for a category")]
)
def test_columns_that_the_trees_need_and_those_that_they_do_not_are_looked_at(name, match):
    document = ubj.read(trained())
    document["learner"]["gradient_booster"]["model"]["trees"][1][name] = np.zeros(2, dtype=np.int32)
    with pytest.raises(ValueError, match=match):
        ubj.check_booster(document, OBJECTIVE)


@pytest.mark.parametrize(
    "change", [{"iteration_indptr": [0, 3]}, {"tree_info": [0, 1, 0]}, {"cats": {"enc": [1]}}]
)
def test_rounds_outcomes_and_categories_are_those_of_plain_trees(change):
    document = ubj.read(trained())
    document["learner"]["gradient_booster"]["model"].update(change)
    with pytest.raises(ValueError, match=r"one tree each|two outcomes|knows categories"):
        ubj.check_booster(document, OBJECTIVE)


@pytest.mark.parametrize(
    "hyperparameters",
    [
        {"max_depth": 12, "min_child_weight": 0, "eta": 1.0, "lambda": 0},
        {"max_depth": 1, "subsample": 0.2},
        {"max_depth": 6, "min_child_weight": 500},
        {"max_depth": 8, "colsample_bytree": 0.3, "lambda": 100},
    ],
    ids=["deep", "stumps", "leaves only", "held back"],
)
def test_what_xgboost_writes_is_read(hyperparameters):
    content = trained(**hyperparameters)
    assert np.isfinite(XGBoostEstimator.from_bytes(content).probability_up(FEATURES)).all()

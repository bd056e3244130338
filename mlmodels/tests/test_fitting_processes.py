"""Fitting shares the machine and its process: one thread, never after a fork, and stopped as soon as asked."""

import os
import threading
import time
import warnings

import numpy as np
import pytest
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from threadpoolctl import threadpool_info, threadpool_limits

from mlmodels.algorithms import ALGORITHMS, get_algorithm
from mlmodels.estimators import Estimator, ForkedProcess, fit, one_thread
from mlmodels.estimators import registry as fitting_classes
from mlmodels.estimators.watched import GRACE_SECONDS, TICK_SECONDS, watched
from mlmodels.tests.rows import known

SLOW = {
    "logistic_regression": {"strength": 1000.0, "max_iterations": 5000},
    "random_forest": {"max_depth": 30, "min_leaf": 1, "max_features": "all"},
    "xgboost": {"trees": 2000, "max_depth": 12},
    "histogram_boosting": {"trees": 2000, "max_leaves": 255},
}


class Stop(Exception):
    pass


def fitting_threads():
    return [thread for thread in threading.enumerate() if thread.name == "fitting"]


@pytest.fixture
def probed(monkeypatch):
    """A fitting class that notes how many threads it may use."""
    seen = {}

    class Probe(Estimator):
        algorithm = "probe"
        suffix = "none"

        @classmethod
        def fit(cls, features, up, hyperparameters, *, weights, seed, tick):
            seen["fit"] = (_openmp_effective_n_threads(), {lib["num_threads"] for lib in threadpool_info()})
            return cls(None)

        def probability_up(self, features):
            seen["predict"] = (
                _openmp_effective_n_threads(),
                {lib["num_threads"] for lib in threadpool_info()},
            )
            return np.full(len(features), 0.5)

        def impurity_importance(self):
            return None

        def to_bytes(self):
            return b""

        @classmethod
        def from_bytes(cls, content):
            return cls(None)

    monkeypatch.setitem(fitting_classes._estimators, "probe", Probe)
    return seen


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has one thread anyway")
def test_fitting_and_predicting_use_one_thread_and_leave_the_others_as_they_were(probed):
    features, up = known(50)
    with threadpool_limits(limits=2):
        fit("probe", features, up, {}, seed=1).probability_up(features)
        assert probed == {"fit": (1, {1}), "predict": (1, {1})}
        assert _openmp_effective_n_threads() == 2
        assert {lib["num_threads"] for lib in threadpool_info()} == {2}


def test_a_block_of_one_thread_ends_with_an_error_too():
    with threadpool_limits(limits=2):
        with pytest.raises(Stop), one_thread():
            raise Stop
        assert {lib["num_threads"] for lib in threadpool_info()} == {2}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_refuses_to_fit_and_says_what_to_do():
    features, up = known(100)
    values = get_algorithm("histogram_boosting").clean({})
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is the point
        child = os.fork()
    if child == 0:
        try:
            fit("histogram_boosting", features, up, values, seed=1)
            os.write(writing, b"fitted")
        except ForkedProcess as error:
            os.write(writing, error.detail.encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    said = os.read(reading, 1000).decode()
    os.close(reading)
    assert f"Process {child} was forked from process {os.getpid()}" in said
    assert "get_context('spawn')" in said
    fit("histogram_boosting", features, up, values, seed=1)  # and its parent goes on


@pytest.mark.parametrize("key", ALGORITHMS)
def test_a_long_fit_stops_at_once_and_its_thread_soon_after(key):
    features, up = known(20_000, columns=20)
    stopped = []

    def stop(share):
        stopped.append(time.monotonic())
        raise Stop

    with pytest.raises(Stop):
        fit(key, features, up, get_algorithm(key).clean(SLOW[key]), seed=1, tick=stop)
    assert time.monotonic() - stopped[0] < GRACE_SECONDS + 5
    if key != "random_forest":  # whose trees are never told about in between
        for thread in fitting_threads():
            thread.join(10)  # to its end it would take longer
            assert not thread.is_alive()
    fit("logistic_regression", features[:99], up[:99], get_algorithm("logistic_regression").clean({}), seed=1)
    assert not fitting_threads()  # the next fitting began after the last one had ended


@pytest.mark.parametrize("key", ALGORITHMS)
def test_shares_rise_to_one_and_come_from_the_thread_that_asked(key):
    features, up = known(2000)
    seen = []
    fit(
        key,
        features,
        up,
        get_algorithm(key).clean({}),
        seed=1,
        tick=lambda share: seen.append((share, threading.get_ident())),
    )
    shares = [share for share, _thread in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {thread for _share, thread in seen} == {threading.get_ident()}


@pytest.mark.parametrize("key", ALGORITHMS)
def test_each_fitting_class_tells_its_share_more_than_once(key):
    features, up = known(2000)
    seen = []
    kind = fitting_classes.get_estimator(key)
    with one_thread():
        kind.fit(features, up, get_algorithm(key).clean({}), weights=None, seed=1, tick=seen.append)
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] <= seen[-1] <= 1.0


def test_a_fitting_waits_for_one_that_was_stopped_and_can_be_stopped_itself_meanwhile():
    going, ended = threading.Event(), []

    def stubborn(tell):
        going.wait(5)
        ended.append("first")

    def stop(share):
        raise Stop

    with pytest.raises(Stop):
        watched(stubborn, stop)
    assert len(fitting_threads()) == 1
    with pytest.raises(Stop):
        watched(lambda tell: ended.append("never"), stop)
    going.set()
    watched(lambda tell: ended.append("next"), lambda share: None)
    assert ended == ["first", "next"]
    assert not fitting_threads()


def test_silent_work_is_ticked_all_the_same_and_its_errors_come_out():
    seen, ticked_twice = [], threading.Event()

    def tick(share):
        seen.append(share)
        if len(seen) == 2:
            ticked_twice.set()

    began = time.monotonic()
    assert watched(lambda tell: ticked_twice.wait(20), tick)
    assert seen[:2] == [0.0, 0.0]
    assert seen[-1] == 1.0
    assert len(seen) <= (time.monotonic() - began) / TICK_SECONDS + 2, "a tick comes no sooner than its time"

    def fail(tell):
        raise ZeroDivisionError("inside")

    with pytest.raises(ZeroDivisionError, match="inside"):
        watched(fail, seen.append)

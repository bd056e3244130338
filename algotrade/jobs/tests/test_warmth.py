"""Warming up beside another process that warms up, too."""

import fcntl
import threading

from algotrade.jobs import warmth

CALLED = []


def one():
    CALLED.append("one")


def two():
    CALLED.append("two")


def test_what_another_process_compiles_just_now_is_left_for_last(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    CALLED.clear()
    told = []
    paths = [f"{__name__}.one", f"{__name__}.two"]
    first_done = threading.Event()

    def tell(done, total):
        told.append((done, total))
        first_done.set()

    with (tmp_path / f"{paths[0]}.lock").open("a") as taken:
        fcntl.flock(taken, fcntl.LOCK_EX)
        warming = threading.Thread(target=warmth.warm_up, args=(paths,), kwargs={"tell": tell})
        warming.start()
        assert first_done.wait(20)
        assert CALLED == ["two"]
    warming.join(20)
    assert CALLED == ["two", "one"]
    assert told == [(1, 2), (2, 2)]


def test_without_a_place_for_locks_everything_is_done_once(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    CALLED.clear()
    warmth.warm_up([f"{__name__}.one"])
    assert CALLED == ["one"]


def test_what_is_needed_later_is_registered_behind_the_rest():
    later = {"backtests.engine.portfolio_warm.warm_up", "backtests.optimize.warm.crossings"}
    assert "backtests.engine.warm.warm_up" in warmth.common()
    assert later <= set(warmth.rest())
    assert not later & set(warmth.common())


def test_who_is_at_it_for_too_long_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(warmth, "LONGEST_TURN_SECONDS", 0.3)
    CALLED.clear()
    with (tmp_path / f"{__name__}.one.lock").open("a") as frozen:
        fcntl.flock(frozen, fcntl.LOCK_EX)
        warming = threading.Thread(target=warmth.warm_up, args=([f"{__name__}.one"],), daemon=True)
        warming.start()
        warming.join(20)
        assert CALLED == ["one"]

"""Generated bars have the stated properties and come back the same for a seed."""

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.errors import SyntheticError, UnknownTimeframe
from marketdata.quality import examine
from marketdata.synthetic import PROCESSES, SyntheticSpec, bar_times, generate
from marketdata.timeframes import CALENDARS, TIMEFRAMES


@pytest.mark.parametrize("process", PROCESSES)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(process):
    first, again = (generate(SyntheticSpec(process=process, bars=300, seed=5)) for _ in range(2))
    other = generate(SyntheticSpec(process=process, bars=300, seed=6))
    assert first.close.tobytes() == again.close.tobytes()
    assert first.close.tobytes() != other.close.tobytes()


def test_the_random_walk_has_the_stated_drift_and_volatility():
    bars = generate(SyntheticSpec(bars=200_000, timeframe="1h", drift=0.1, volatility=0.3, seed=3))
    returns = np.diff(np.log(bars.close))
    assert returns.std() * np.sqrt(1764) == pytest.approx(0.3, rel=0.01)
    # mean of the log returns a year: drift - sigma^2 / 2 = 0.055; its standard error is 0.3 / sqrt(113 years)
    assert returns.mean() * 1764 == pytest.approx(0.055, abs=4 * 0.3 / np.sqrt(200_000 / 1764))
    assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 0.01


def test_highs_and_lows_reach_as_far_as_those_of_brownian_motion():
    bars = generate(SyntheticSpec(bars=50_000, timeframe="1h", drift=0.0, volatility=0.2))
    ranges = np.log(bars.high / bars.low)
    # The expected range of Brownian motion over one step is sqrt(8 / pi) standard deviations.
    assert ranges.mean() / (0.2 / np.sqrt(1764)) == pytest.approx(np.sqrt(8 / np.pi), rel=0.02)


def test_the_mean_reverting_price_stays_near_its_level():
    bars = generate(SyntheticSpec(process="mean_reverting", bars=50_000, timeframe="1h", half_life=10))
    distance = np.log(bars.close / 100.0)
    phi = 0.5 ** (1 / 10)
    expected = 0.2 / np.sqrt(1764) / np.sqrt(1 - phi**2)
    assert distance.std() == pytest.approx(expected, rel=0.05)
    assert np.corrcoef(distance[1:], distance[:-1])[0, 1] == pytest.approx(phi, abs=0.01)


def test_regimes_make_volatility_come_in_clusters():
    bars = generate(SyntheticSpec(process="regime_switching", bars=50_000, timeframe="1h"))
    size = np.abs(np.diff(np.log(bars.close)))
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
@pytest.mark.parametrize("calendar", CALENDARS)
def test_the_times_are_those_that_the_calendar_expects(timeframe, calendar):
    times = bar_times(700, "2005-02-28", timeframe, calendar)
    assert len(times) == 700
    assert (np.diff(times).astype(np.int64) > 0).all()
    flat = np.full(700, 10.0)
    bars = Bars(time=times, open=flat, high=flat, low=flat, close=flat, volume=flat)
    report = examine(bars, timeframe=timeframe, calendar=calendar)
    assert (report.coverage, report.missing_bars, report.outside_bars, report.further_bars) == (1.0, 0, 0, 0)
    if timeframe == "1w":
        assert set(((times.astype("datetime64[D]").astype(np.int64) + 3) % 7).tolist()) == {0}


def test_new_york_keeps_its_holidays_and_closes_early_after_thanksgiving():
    days = bar_times(250, "2023-01-01", "1d", "XNYS").astype("datetime64[D]")
    assert (str(days[0]), str(days[-1])) == ("2023-01-03", "2023-12-29")
    closed = {"2023-07-04", "2023-11-23", "2023-12-25"}
    assert not closed & {str(day) for day in days}
    minutes = bar_times(390 + 210 + 390, "2023-11-22", "1m", "XNYS")
    assert [str(time)[:16] for time in minutes[[389, 390, 599, 600]]] == [
        "2023-11-22T20:59",
        "2023-11-24T14:30",
        "2023-11-24T17:59",
        "2023-11-27T14:30",
    ]


def test_the_generic_exchange_trades_on_weekdays_from_half_past_two():
    times = bar_times(8, "2024-03-01", "1h", "exchange")
    assert [str(time)[:16] for time in times[[0, 6, 7]]] == [
        "2024-03-01T14:30",
        "2024-03-01T20:30",
        "2024-03-04T14:30",
    ]


def test_the_same_draws_stand_on_every_calendar():
    calendars = ("exchange", "XNYS", "XNAS")
    paths = [generate(SyntheticSpec(bars=300, seed=5, calendar=name)) for name in calendars]
    assert len({bars.close.tobytes() for bars in paths}) == 1
    assert paths[0].time.tolist() != paths[1].time.tolist()


@pytest.mark.parametrize(("start", "there"), [("1990-01-02", 0), ("2049-01-04", None)])
def test_bars_beyond_the_sessions_that_a_calendar_knows_are_refused_or_left_out(start, there):
    spec = SyntheticSpec(bars=2000, calendar="XKRX" if there is None else "XTKS", start=start)
    with pytest.raises(SyntheticError, match="of the 2000 bars from") as caught:
        generate(spec)
    assert list(caught.value.fields) == ["bars"]
    known = generate(spec, known_only=True)
    assert len(known) == there if there is not None else 400 < len(known) < 500
    if there is None:
        assert str(known.time[-1])[:4] == "2050"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("process", "magic"),
        ("bars", 1),
        ("bars", 1_000_001),
        ("bars", 10.5),
        ("bars", True),
        ("seed", -1),
        ("price", 0.0),
        ("price", float("nan")),
        ("volatility", float("inf")),
        ("start", "yesterday"),
        ("start", "2199-01-01"),
        ("start", "NaT"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(name, value):
    with pytest.raises(SyntheticError) as caught:
        SyntheticSpec(**{name: value})
    assert list(caught.value.fields) == [name]


def test_an_unknown_timeframe_is_refused():
    with pytest.raises(UnknownTimeframe):
        SyntheticSpec(timeframe="2d")


def test_extreme_but_allowed_values_still_give_bars():
    spec = SyntheticSpec(bars=2000, timeframe="1w", start="1970-01-01", volatility=5.0, drift=-2.0, price=1.0)
    assert len(generate(spec)) == 2000


def test_a_price_that_no_number_holds_is_refused():
    spec = SyntheticSpec(bars=9000, timeframe="1w", start="1970-01-01", volatility=5.0)
    with pytest.raises(SyntheticError, match="Lower the volatility"):
        generate(spec)

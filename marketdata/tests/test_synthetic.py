"""Generated bars have the stated properties and come back the same for a seed."""

import numpy as np
import pytest

from marketdata.errors import SyntheticError, UnknownTimeframe
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
def test_times_rise_and_keep_to_the_calendar(timeframe, calendar):
    times = bar_times(1000, "2024-02-28", timeframe, calendar)
    assert len(times) == 1000
    assert (np.diff(times).astype(np.int64) > 0).all()
    weekday = (times.astype("datetime64[D]").astype(np.int64) + 3) % 7
    if calendar != "24/7":
        assert weekday.max() <= 4
    if timeframe == "1w":
        assert set(weekday.tolist()) == {0}


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

"""Whether an adjusted close agrees with the close beside it."""

import csv
import json

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.columns import BarsColumns, ColumnFiles
from marketdata.quality import AlignedCloses, FactorReport, examine
from marketdata.samples import SAMPLES_DIR
from marketdata.sessions import sessions_between
from marketdata.synthetic import SyntheticSpec, generate

NAMES = ("open", "high", "low", "close", "volume")


def report_on(time, columns, adj_close, **options):
    with ColumnFiles(further={"adj_close": "<f8"}) as files:
        files.append(time=time.view(np.int64), adj_close=np.asarray(adj_close, dtype=float), **columns)
        return examine(files, timeframe="1d", calendar="XNYS", **options)


def made(count=1000, seed=3):
    """Bars of New York without corporate actions."""
    days = sessions_between("XNYS", np.datetime64("2010-01-01"), np.datetime64("2020-12-31")).day[:count]
    walk = generate(SyntheticSpec(bars=count, seed=seed))
    return days.astype("datetime64[ns]"), {name: getattr(walk, name).copy() for name in NAMES}


def with_actions(columns, actions):
    """Raw columns and their adjusted close, of columns without actions: (row, 'dividend' share or 'split' ratio)."""
    raw, factor = {name: values.copy() for name, values in columns.items()}, np.ones(len(columns["close"]))
    for row, kind, value in actions:
        if kind == "dividend":
            factor[:row] *= 1.0 - value
            for name in NAMES[:4]:
                raw[name][:row] /= 1.0 - value
        else:
            factor[:row] /= value
            for name in NAMES[:4]:
                raw[name][:row] *= value
            raw["volume"][:row] /= value
    return raw, raw["close"] * factor


def texts(findings):
    return [item.text for item in findings.items]


def sample(name):
    with (SAMPLES_DIR / name).open() as stream:
        rows = list(csv.DictReader(stream))
    time = np.array([row["date"] for row in rows], dtype="datetime64[ns]")
    return (
        time,
        {key: np.array([float(row[key]) for row in rows]) for key in NAMES},
        [float(row["adj_close"]) for row in rows],
    )


def test_dividends_and_splits_are_told_apart_and_nothing_is_wrong():
    time, columns = made()
    raw, adjusted = with_actions(
        columns, [(200, "dividend", 0.01), (400, "split", 4), (600, "dividend", 0.004)]
    )
    report = report_on(time, raw, adjusted)
    assert texts(report.of("action")) == [
        "The adjusted close allows for a dividend of 1 %",
        "The adjusted close allows for a 4 for 1 split",
        "The adjusted close allows for a dividend of 0.4 %",
    ]
    assert [item.time for item in report.of("action").items] == [time[200], time[400], time[600]]
    assert report.of("inconsistency").count == 0
    assert [(item.ratio, item.time, item.severity) for item in report.splits] == [
        ((1, 4), time[400], "error")
    ]
    assert report.splits[0].text.endswith("the adjusted close beside it tells of the split")


def test_a_reverse_split_puts_the_adjusted_close_above_the_close_rightly():
    time, columns = made()
    raw, adjusted = with_actions(columns, [(300, "dividend", 0.01), (500, "split", 0.1)])
    report = report_on(time, raw, adjusted)
    assert report.of("inconsistency").count == 0
    assert [item.ratio for item in report.splits] == [(10, 1)]


def test_a_small_split_that_prices_alone_would_not_show_is_confirmed():
    time, columns = made()
    raw, adjusted = with_actions(columns, [(500, "split", 5 / 4)])
    assert [(item.ratio, item.time) for item in report_on(time, raw, adjusted).splits] == [
        ((4, 5), time[500])
    ]


def test_rounded_columns_are_no_contradiction():
    time, columns = made()
    raw, adjusted = with_actions(columns, [(400, "split", 2), (600, "dividend", 0.006)])
    rounded = {name: values.round(2) if name != "volume" else values for name, values in raw.items()}
    rounded["high"], rounded["low"] = rounded["high"] + 0.01, rounded["low"] - 0.01
    report = report_on(time, rounded, adjusted.round(2))
    assert report.of("inconsistency").count == 0
    assert [item.time for item in report.of("action").items] == [time[400], time[600]]


def test_an_adjusted_close_above_the_close_is_an_error_with_its_period():
    time, columns = made()
    adjusted = columns["close"].copy()
    adjusted[100:150] *= 1.02
    report = report_on(time, columns, adjusted)
    above = [item for item in report.of("inconsistency").items if "above" in item.text]
    assert [(item.time, item.end, item.bars, item.severity) for item in above] == [
        (time[100], time[149], 50, "error")
    ]
    assert report.grade == "poor"


def test_a_factor_that_falls_without_a_reverse_split_is_a_contradiction():
    time, columns = made()
    adjusted = columns["close"] * np.where(np.arange(1000) < 500, 1.0, 0.98)
    found = report_on(time, columns, adjusted).of("inconsistency").items
    assert [(item.time, item.severity) for item in found] == [(time[500], "warning")]
    assert found[0].text.startswith("The adjusted close falls by 2 % against the close")


def test_a_split_that_only_the_adjusted_close_knows_is_an_error():
    time, columns = made()
    adjusted = columns["close"] * np.where(np.arange(1000) < 500, 0.5, 1.0)
    report = report_on(time, columns, adjusted)
    (found,) = report.of("inconsistency").items
    assert (found.time, found.severity) == (time[500], "error")
    assert "2 for 1 split that the close does not show" in found.text
    assert not report.splits


def test_a_factor_that_drifts_is_one_finding():
    time, columns = made()
    report = report_on(time, columns, columns["close"] * np.linspace(0.8, 1.0, 1000))
    (found,) = report.of("inconsistency").items
    assert (
        found.text
        == "The adjusted close changes against the close on 999 bars (100 %); between corporate actions it must not"
    )


def test_bars_without_an_adjusted_close_are_left_out():
    time, columns = made()
    raw, adjusted = with_actions(columns, [(400, "split", 2)])
    adjusted[100:120] = np.nan
    report = report_on(time, raw, adjusted)
    assert report.of("inconsistency").count == 0
    assert [item.ratio for item in report.splits] == [(1, 2)]


def test_the_file_may_be_a_part_of_the_series_that_is_examined():
    time, columns = made()
    raw, adjusted = with_actions(columns, [(400, "split", 2)])
    bars = Bars(time=time, **raw)
    with ColumnFiles(further={"adj_close": "<f8"}) as part:
        rows = slice(350, 450)
        part.append(
            time=time[rows].view(np.int64),
            adj_close=adjusted[rows],
            **{name: raw[name][rows] for name in NAMES},
        )
        report = examine(bars, timeframe="1d", calendar="XNYS", adj_close=part)
    assert [(item.time, item.severity) for item in report.splits] == [(time[400], "error")]


def test_what_a_stored_report_kept_of_a_file_stands_for_the_file():
    time, columns = made()
    raw, adjusted = with_actions(columns, [(200, "dividend", 0.01), (400, "split", 4), (700, "split", 5 / 4)])
    adjusted[600:620] *= 1.02
    whole = report_on(time, raw, adjusted).to_dict()
    kept = FactorReport.kept(json.loads(json.dumps(whole)))
    assert examine(Bars(time=time, **raw), timeframe="1d", calendar="XNYS", kept=kept).to_dict() == whole
    alone = examine(Bars(time=time, **raw), timeframe="1d", calendar="XNYS").to_dict()
    assert FactorReport.kept(alone) is None


def two_series(tamper=None):
    """The published and the adjusted bars of one symbol; the adjusted ones lack some, and begin later."""
    time, columns = made()
    raw, _adjusted = with_actions(columns, [(200, "dividend", 0.01), (400, "split", 4)])
    kept = np.setdiff1d(np.arange(50, 1000), [60, 61, 500])
    other = {name: values[kept] for name, values in columns.items()}
    for row in tamper or ():
        for name in NAMES[:4]:
            other[name][row] *= 1.05
    return Bars(time=time, **raw), Bars(time=time[kept], **other), time[kept]


def test_two_series_of_a_symbol_that_agree_confirm_each_other():
    raw, adjusted, _time = two_series()
    both = AlignedCloses(BarsColumns(raw), BarsColumns(adjusted))
    report = examine(raw, timeframe="1d", calendar="XNYS", adj_close=both)
    assert [(item.ratio, item.severity) for item in report.splits] == [((1, 4), "error")]
    assert report.of("inconsistency").count == 0
    assert report.of("action").count == 2
    seen = examine(adjusted, timeframe="1d", calendar="XNYS", published=BarsColumns(raw))
    assert (seen.split_count, seen.of("inconsistency").count, seen.of("action").count) == (0, 0, 2)


def test_a_price_that_only_one_of_two_series_has_is_a_contradiction():
    raw, adjusted, time = two_series(tamper=[700])
    report = examine(adjusted, timeframe="1d", calendar="XNYS", published=BarsColumns(raw))
    assert {item.time for item in report.of("inconsistency").items} == {time[700], time[701]}
    assert report.grade == "poor"  # above the published close, after the last action


@pytest.mark.parametrize(
    ("name", "splits", "actions", "last"),
    [
        ("AAPL_1d.csv", ["2000-06-21", "2005-02-28"], 5, "0.1304"),
        ("MSFT_1d.csv", ["2003-02-18"], 38, "0.8832"),
        ("IBM_1d.csv", [], 52, "0.8638"),
        ("GOOG_1d.csv", [], 0, "0.5015"),
    ],
)
def test_the_published_columns_of_real_stocks_agree(name, splits, actions, last):
    report = report_on(*sample(name))
    assert [str(item.time)[:10] for item in report.splits] == splits
    assert {item.severity for item in report.splits} <= {"error"}
    assert report.of("action").count == actions
    assert report.of("inconsistency").count == 0
    assert f"is {last} of the close" in report.notes_on_closes[0]


@pytest.mark.parametrize("adjusted", [5e-324, 1e-310, 1.7e308])
def test_an_adjusted_close_far_from_every_price_ends_no_report(adjusted):
    time, columns = made(200)
    columns["close"][120] = columns["low"][120] = 5e-324
    closes = columns["close"].copy()
    closes[[50, 120]] = adjusted
    report = report_on(time, columns, closes).to_dict()
    assert report["counts"]["inconsistency"]["warning"] > 0
    json.dumps(report, allow_nan=False)

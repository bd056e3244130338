"""Small files are read whole, with the meaning that files of any size have."""

import numpy as np
import pytest

from marketdata.bars import COLUMNS
from marketdata.errors import FileInvalid
from marketdata.reading.caps import Caps
from marketdata.reading.in_memory import read_bars
from marketdata.reading.layout import Reading
from marketdata.reading.lines import open_head
from marketdata.reading.recognition.detect import detect
from marketdata.reading.streaming.reader import read_file
from marketdata.samples import SAMPLES, SAMPLES_DIR
from marketdata.tests.bars import HEADER, csv_text, make_bars, read
from marketdata.timeframes import get_timeframe


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_each_sample_is_the_same_bars_in_both_ways(sample, tmp_path):
    path = SAMPLES_DIR / sample.file
    reading = Reading(
        timezone=sample.timezone,
        session_dates=not get_timeframe(sample.timeframe).is_intraday,
        adjust=sample.adjust,
    )
    small = read_bars(path, reading=reading)
    layout = detect(open_head(path), file_name=path.name).layout
    with read_file(path, layout=layout, reading=reading, folder=tmp_path, caps=Caps()).columns as large:
        assert large.read("time").tobytes() == small.time.view(np.int64).tobytes()
        for name in COLUMNS:
            assert large.read(name).tobytes() == getattr(small, name).tobytes(), name


def test_the_bars_that_were_written_come_back(tmp_path):
    bars = read(tmp_path / "a.csv", csv_text(make_bars(10)))
    assert bars.close.tobytes() == make_bars(10).close.tobytes()


def test_adjusting_multiplies_prices_and_divides_volume_by_the_factor(tmp_path):
    text = (
        "date,open,high,low,close,volume,adj_close\n2024-01-02,8,16,4,10,100,5\n2024-01-03,8,16,4,10,100,10\n"
    )
    bars = read(tmp_path / "a.csv", text, adjust=True)
    assert [getattr(bars, name).tolist() for name in COLUMNS] == [
        [4, 8],
        [8, 16],
        [2, 4],
        [5, 10],
        [200, 100],
    ]


def test_every_problem_is_located_and_nothing_comes_out(tmp_path):
    text = f"{HEADER}\n2024-01-02,1,2,0.5,1,1\n2024-01-01,1,2,0.5,1,1\n\n2024-01-04,1,2,0.5,x,1\n2024-01-05,1,2\n"
    with pytest.raises(FileInvalid) as raised:
        read(tmp_path / "a.csv", text)
    said = [(problem.line, problem.column, problem.value) for problem in raised.value.problems]
    assert said == [(3, "date", "2024-01-01"), (5, "close", "x"), (6, "row", "3 cells")]


def test_a_thousand_problems_are_enough(tmp_path):
    rows = "".join(f"2024-01-02,{number},x,1,1,1\n" for number in range(1500))
    with pytest.raises(FileInvalid) as raised:
        read(tmp_path / "a.csv", f"{HEADER}\n2024-01-01,1,1,1,1,1\n{rows}")
    assert len(raised.value.problems) == 1000
    assert raised.value.stopped


@pytest.mark.parametrize("text", ["", HEADER, f"{HEADER}\n\n", "prose\nand more prose\n"])
def test_a_file_without_bars_says_so(text, tmp_path):
    with pytest.raises(FileInvalid):
        read(tmp_path / "a.csv", text)


@pytest.mark.parametrize("adj_close", ["1e-320", "1e-323"])
def test_an_adjustment_that_makes_no_price_is_located(tmp_path, adj_close):
    text = f"date,open,high,low,close,volume,adj_close\n2024-01-02,8,16,4,10,100,{adj_close}\n"
    with pytest.raises(FileInvalid, match=r"Line 2, adj_close: .* gives no price or volume"):
        read(tmp_path / "a.csv", text, adjust=True)

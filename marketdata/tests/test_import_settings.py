"""What an import was asked for is kept as JSON and comes back as it was, also what earlier versions wrote."""

import json

import pytest

from algotrade.errors import InvalidInput
from marketdata.errors import ImportUnreadable
from marketdata.incoming.options import FileOptions
from marketdata.incoming.settings import (
    DerivationSettings,
    Destination,
    DownloadSettings,
    FileSettings,
    GenerationSettings,
    RestorationSettings,
)
from marketdata.keys import SeriesKey
from marketdata.models import BarImport
from marketdata.reading.layout import Layout, Reading
from marketdata.recipes import AdjustSplits, Resample
from marketdata.synthetic import SyntheticSpec

KEY = SeriesKey("ABC", "1d", "24/7", "csv")
LAYOUT = Layout(
    "generic",
    "utf-8",
    ",",
    ".",
    has_header=True,
    skipped_lines=0,
    names=("date", "open", "high", "low", "close"),
    roles=("time", "open", "high", "low", "close"),
)
ASKED = {
    "file": FileSettings(
        key=KEY,
        shared=True,
        layout=LAYOUT,
        reading=Reading(policy="repair", repairs=("sort",)),
        overlap="keep",
        options=FileOptions(symbol="ABC", repairs=("sort",)),
    ),
    "download": DownloadSettings(
        key=KEY, provider="yahoo", provider_symbol="ABC", start="2024-01-02", incremental=True, feed=7
    ),
    "generation": GenerationSettings(key=KEY, spec=SyntheticSpec(bars=400, seed=3)),
    "resampling": DerivationSettings(key=KEY, made_from=5, recipe=Resample("1w")),
    "adjustment": DerivationSettings(
        key=KEY, made_from=5, recipe=AdjustSplits((("2024-01-05T00:00:00", 4.0),))
    ),
    "restoration": RestorationSettings(key=KEY, snapshot=9),
}


def row_of(settings):
    return BarImport(settings=json.loads(json.dumps(settings)))


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_what_was_asked_comes_back_as_it_was(asked):
    row = row_of(asked.to_dict())
    assert type(asked).of(row) == type(asked).known(row) == asked
    assert Destination.of(row) == Destination(key=KEY, shared=asked.shared)


def test_settings_without_what_has_a_default_are_read():
    row = row_of({"key": {"symbol": "ABC", "timeframe": "1d", "calendar": "24/7", "source": "csv"}})
    assert Destination.of(row) == Destination(key=KEY)
    row.settings |= {"provider": "yahoo", "provider_symbol": "ABC", "start": None, "end": None}
    assert DownloadSettings.of(row) == DownloadSettings(key=KEY, provider="yahoo", provider_symbol="ABC")
    row.settings |= {"spec": {"bars": 400}}
    assert GenerationSettings.of(row) == GenerationSettings(key=KEY, spec=SyntheticSpec(bars=400))
    row.settings |= {"layout": LAYOUT.to_dict(), "reading": {"policy": "drop"}, "options": {"gone": 1}}
    assert FileSettings.of(row) == FileSettings(key=KEY, layout=LAYOUT, reading=Reading(policy="drop"))


@pytest.mark.parametrize("kind", [type(asked) for asked in ASKED.values()], ids=ASKED)
@pytest.mark.parametrize(
    "stored",
    [None, [], "text", 5, {}, {"key": None}, {"key": {"symbol": 5}}, {"key": {"symbol": "ABC", "more": 1}}],
    ids=["null", "list", "text", "number", "empty", "no-key", "half-a-key", "unknown-key"],
)
def test_settings_that_cannot_be_read_are_one_clear_error(kind, stored):
    row = row_of(stored)
    assert kind.known(row) is None
    with pytest.raises(ImportUnreadable, match="Ask for it anew"):
        kind.of(row)


def test_what_is_no_longer_there_is_named():
    row = row_of({"key": {"symbol": "ABC", "timeframe": "7d", "calendar": "24/7", "source": "csv"}})
    assert Destination.known(row) is None
    with pytest.raises(InvalidInput, match="7d"):
        Destination.of(row)

"""A provider that does what a test says."""

from marketdata.bars import COLUMNS, Bars
from marketdata.providers import Capabilities, Provider
from marketdata.services import current_snapshot, open_snapshot


class Scripted(Provider):
    """Gives what a test put into `bars`, or raises `error`; `asked` notes the periods."""

    key = "scripted"
    label = "Scripted"
    summary = "What a test says."
    capabilities = Capabilities(timeframes=("1d", "1h"), any_symbol=True)
    bars = None
    error = None
    before = staticmethod(lambda: None)
    asked: list = []

    def history(self, symbol, timeframe, start=None, end=None):
        self.begin(timeframe)
        type(self).asked.append((symbol, timeframe, start, end))
        type(self).before()
        if self.error is not None:
            raise self.error
        self.note("Ten rows were looked at.")
        return self.bars.slice(start, end)


def changed(bars, rows, factor=2.0, columns=COLUMNS[:4]):
    """The same bars with prices of some rows multiplied."""
    values = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name in columns:
        values[name][rows] *= factor
    return Bars(time=bars.time, **values)


def stored(series):
    series.refresh_from_db()
    return open_snapshot(current_snapshot(series))

"""Small bars for the tests of this app."""

import numpy as np

from marketdata.bars import Bars
from marketdata.reading.in_memory import read_bars
from marketdata.reading.layout import Reading

HEADER = "date,open,high,low,close,volume"


def make_bars(count=10, start="2024-01-01", step="D", price=100.0):
    """Bars that rise by 1 each; the high is 2 above the open and the low 1 below."""
    open_ = price + np.arange(count, dtype=float)
    time = (np.datetime64(start) + np.arange(count).astype(f"timedelta64[{step}]")).astype("datetime64[ns]")
    return Bars(
        time=time, open=open_, high=open_ + 2, low=open_ - 1, close=open_ + 1, volume=np.full(count, 50.0)
    )


def read(path, text, **options):
    """Write CSV text to `path` and read it, daily unless told."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_bars(path, reading=Reading(**{"session_dates": True, **options}))


def csv_text(bars):
    """The bars as a daily CSV file."""
    lines = [HEADER]
    for row in range(len(bars)):
        day = np.datetime_as_string(bars.time[row], unit="D")
        values = [bars.open[row], bars.high[row], bars.low[row], bars.close[row], bars.volume[row]]
        lines.append(",".join([str(day), *(repr(float(value)) for value in values)]))
    return "\n".join(lines) + "\n"

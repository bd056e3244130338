"""The vendored sample files and how each is to be read. Sources and licences: NOTICE.md beside them."""

from dataclasses import dataclass
from pathlib import Path

SAMPLES_DIR = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One CSV file: what it holds and how it is read."""

    file: str
    symbol: str
    name: str
    timeframe: str
    calendar: str
    timezone: str
    adjust: bool


SAMPLES = (
    SampleFile("AAPL_1d.csv", "AAPL", "Apple", "1d", "XNAS", "America/New_York", True),
    SampleFile("BTCUSD_1d.csv", "BTCUSD", "Bitcoin in US dollars", "1d", "24/7", "UTC", False),
    SampleFile("EURUSD_1h.csv", "EURUSD", "Euro in US dollars (ask)", "1h", "fx", "UTC", False),
    SampleFile("GOOG_1d.csv", "GOOG", "Google", "1d", "XNAS", "America/New_York", True),
    SampleFile("IBM_1d.csv", "IBM", "IBM", "1d", "XNYS", "America/New_York", True),
    SampleFile("MSFT_1d.csv", "MSFT", "Microsoft", "1d", "XNAS", "America/New_York", True),
    SampleFile("SPY_1m.csv", "SPY", "S&P 500 fund, 4 sessions", "1m", "XNYS", "America/New_York", False),
)

"""What market data keeps: series, their bars, snapshots, and how the bars came in."""

from marketdata.models.bar import MarketData
from marketdata.models.feed import Feed
from marketdata.models.incoming import BarImport, Upload
from marketdata.models.lease import WriteLease
from marketdata.models.series import SYMBOL_HELP, SYMBOL_PATTERN, Series
from marketdata.models.snapshot import Snapshot

__all__ = [
    "SYMBOL_HELP",
    "SYMBOL_PATTERN",
    "BarImport",
    "Feed",
    "MarketData",
    "Series",
    "Snapshot",
    "Upload",
    "WriteLease",
]

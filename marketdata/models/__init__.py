"""What market data keeps: series, their bars, snapshots, and how the bars came in."""

from marketdata.models.bar import MarketData, MarketDataQuerySet
from marketdata.models.feed import Feed, FeedQuerySet
from marketdata.models.incoming import BarImport, BarImportQuerySet, Upload, UploadQuerySet
from marketdata.models.lease import WriteLease
from marketdata.models.series import SYMBOL_HELP, SYMBOL_PATTERN, Series, SeriesQuerySet
from marketdata.models.snapshot import Snapshot

__all__ = [
    "SYMBOL_HELP",
    "SYMBOL_PATTERN",
    "BarImport",
    "BarImportQuerySet",
    "Feed",
    "FeedQuerySet",
    "MarketData",
    "MarketDataQuerySet",
    "Series",
    "SeriesQuerySet",
    "Snapshot",
    "Upload",
    "UploadQuerySet",
    "WriteLease",
]

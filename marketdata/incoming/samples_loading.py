"""Loading the vendored samples as series that everybody sees."""

from marketdata.columns import BarsColumns
from marketdata.models import Series, Snapshot
from marketdata.providers import CsvFilesProvider
from marketdata.samples import SAMPLES, SampleFile
from marketdata.store import storing
from marketdata.store.merging import REPLACE

SOURCE = "sample"


def load_samples() -> list[Snapshot]:
    """Import every sample; ones that are there already stay untouched."""
    provider = CsvFilesProvider()
    return [_load(provider, item) for item in SAMPLES]


def _load(provider: CsvFilesProvider, item: SampleFile) -> Snapshot:
    kinds = Series.Adjustment
    series, _created = Series.objects.get_or_create(
        user=None,
        symbol=item.symbol,
        timeframe=item.timeframe,
        source=SOURCE,
        adjustment=kinds.SPLITS_DIVIDENDS if item.adjust else kinds.NONE,
        defaults={"name": item.name, "calendar": item.calendar, "timezone": item.timezone},
    )
    bars = provider.history(item.symbol, item.timeframe)
    return storing.store(series, BarsColumns(bars), overlap=REPLACE).snapshot

"""The errors of market data. Each message names the place, the value and the remedy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from algotrade.errors import Conflict, InvalidInput, LabError, LimitExceeded, NotFound, TooLarge, Unavailable


class MarketDataError(LabError):
    """Root of what can go wrong with market data."""

    code = "market_data_error"


class BarsError(MarketDataError, InvalidInput):
    """Price bars that break the contract of `marketdata.bars.Bars`."""

    code = "bars_invalid"


class UnknownTimeframe(MarketDataError, InvalidInput):
    """A timeframe or calendar that is not one of the listed ones."""

    code = "timeframe_unknown"


class ResampleError(MarketDataError, InvalidInput):
    """Bars that cannot be put together into the wanted timeframe."""

    code = "resample_impossible"


class RecipeInvalid(MarketDataError, InvalidInput):
    """A recipe for a derived series that says something impossible."""

    code = "recipe_invalid"


class SyntheticError(MarketDataError, InvalidInput):
    """A synthetic series was asked for with a value out of bounds."""

    code = "synthetic_invalid"


class ProviderError(MarketDataError, InvalidInput):
    """A data provider that is not registered, or that cannot give what was asked."""

    code = "provider_invalid"


class ProviderUnavailable(MarketDataError, Unavailable):
    """A data provider did not answer, or not with something that can be read, although it was asked again."""

    code = "provider_unavailable"


class RateLimited(MarketDataError, Unavailable):
    """A data provider wants to be asked less often; `seconds` says how long to wait, when that is known."""

    code = "provider_rate_limited"

    def __init__(self, detail: str, *, seconds: float | None = None) -> None:
        super().__init__(detail)
        self.seconds = seconds


class KeyMissing(MarketDataError, Unavailable):
    """A data provider needs a key, and its environment variable is empty."""

    code = "provider_key_missing"

    def __init__(self, label: str, variable: str) -> None:
        super().__init__(
            f"{label} needs a key of yours. Set the environment variable {variable} for web and workers and "
            "restart them."
        )
        self.variable = variable


class HistoryChanged(MarketDataError, Conflict):
    """A provider gives other prices for bars that were stored long ago, mostly after a split or a dividend."""

    code = "history_changed"


class FeedRefused(MarketDataError, Conflict):
    """The series cannot have this feed, or its feed cannot be refreshed as things stand."""

    code = "feed_refused"


class FeedBusy(MarketDataError, Conflict):
    """A download into the series is waiting or running already."""

    code = "feed_busy"


class FeedNotFound(MarketDataError, NotFound):
    """A feed that does not exist, or belongs to someone else."""

    code = "feed_not_found"


EXTRAS: Mapping[str, str] = MappingProxyType(
    {"pyarrow": "pyarrow==26.0.1", "yfinance": "yfinance==1.7.0", "ccxt": "ccxt>=4.4,<5"}
)
"""Optional packages as `requirements-extras.in` names them; a test compares the two."""


class MissingExtra(MarketDataError, Unavailable):
    """An optional package that is not installed; the message holds the command that installs it."""

    code = "extra_missing"

    def __init__(self, package: str) -> None:
        self.package = package
        self.command = f'python -m pip install "{EXTRAS[package]}"'
        super().__init__(
            f"This needs the optional package {package}, which is not installed. Install it for web and workers with "
            f"{self.command} and restart them."
        )


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong in a file: where it is, what stands there, why it cannot be used.

    Lines count from 1; line 0 is the file as a whole.
    """

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        place = f"Line {self.line}" if self.line else "The file"
        place = f"{place}, {self.column}" if self.column else place
        return f"{place}: {self.value!r} {self.reason}" if self.value else f"{place}: {self.reason}"


class FileInvalid(MarketDataError, InvalidInput):
    """A file of bars that cannot be read as asked; carries every problem that was located, at most 1,000."""

    code = "file_invalid"

    def __init__(self, problems: Iterable[FileProblem], *, stopped: bool = False) -> None:
        self.problems = tuple(problems)
        self.stopped = stopped
        said = [str(problem) for problem in self.problems]
        count = len(said)
        head = "1 problem" if count == 1 else f"{'The first ' if stopped else ''}{count} problems"
        detail = "\n".join([f"{head} in the file; nothing was imported.", *said])
        super().__init__(detail, fields={"file": said})

    @classmethod
    def at(cls, line: int, reason: str) -> "FileInvalid":
        """Refuse a file for one thing wrong in a line as a whole, or, with line 0, in the file."""
        return cls([FileProblem(line, "", "", reason)])


class FileTooLarge(MarketDataError, TooLarge):
    """A file over one of the caps: bytes, bytes when unpacked, ratio of packing, rows, or columns."""

    code = "file_too_large"


class UploadsFull(MarketDataError, LimitExceeded):
    """The files that wait for their import take as much room as one account may have."""

    code = "uploads_full"


class SeriesNotFound(MarketDataError, NotFound):
    """A series that does not exist, or belongs to someone else."""

    code = "series_not_found"


class BarsOverlap(MarketDataError, Conflict):
    """New bars fall into the range of stored ones although the import was told to refuse that."""

    code = "bars_overlap"


class BarsConflict(MarketDataError, Conflict):
    """New bars contradict stored ones of the same time although the import was to extend the series only.

    Carries the conflicts as plain JSON values, at most 1,000, and how many there are.
    """

    code = "bars_conflict"

    def __init__(self, detail: str, *, conflicts: list[dict[str, object]], count: int) -> None:
        super().__init__(detail)
        self.conflicts, self.count = conflicts, count


class SeriesBusy(MarketDataError, Conflict):
    """Another import is writing into the series, or took it over from this one."""

    code = "series_busy"


class SeriesInUse(MarketDataError, Conflict):
    """The series cannot be deleted because stored results were computed from it."""

    code = "series_in_use"


class SeriesDerived(MarketDataError, Conflict):
    """Bars were to be put into a series that is made from another one, or made into one that holds bars of its own."""

    code = "series_derived"


class UploadInUse(MarketDataError, Conflict):
    """The file of an upload is being read by an import."""

    code = "upload_in_use"


class UploadGone(MarketDataError, Conflict):
    """The file of an upload is not there any more."""

    code = "upload_gone"


class ImportUnreadable(MarketDataError, Conflict):
    """What an import was asked for is not stored as any version of the lab writes it."""

    code = "import_unreadable"


class NothingToRestore(MarketDataError, Conflict):
    """The series holds what the snapshot holds, or its bars follow from another series."""

    code = "nothing_to_restore"


class SnapshotDamaged(MarketDataError, Conflict):
    """A snapshot's file is missing or no longer holds the bytes it was made from."""

    code = "snapshot_damaged"


class StorageFailed(MarketDataError, Unavailable):
    """The disk did not take a file: full, read-only or gone."""

    code = "storage_failed"

    def __init__(self, error: OSError) -> None:
        why = error.strerror or type(error).__name__
        super().__init__(
            f"The lab cannot write its files ({why}); nothing was changed. Tell whoever runs it, and try again later."
        )


class NoBars(MarketDataError, Conflict):
    """The series holds no bars yet, so that nothing can be computed from it."""

    code = "series_empty"

"""What an import was asked for: one form for each source, which `BarImport.settings` keeps as JSON.

Whoever asks makes one, and whoever carries it out or offers it again reads it with `of` or `known`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput, LabError, nearest
from marketdata.errors import ImportUnreadable
from marketdata.incoming.options import FileOptions
from marketdata.keys import SeriesKey
from marketdata.models import BarImport, Series
from marketdata.reading.layout import Layout, Reading
from marketdata.recipes import Recipe, read_recipe
from marketdata.synthetic import SyntheticSpec

Source, Overlap = BarImport.Source, BarImport.Overlap
DESCRIBING = ("name", "calendar", "timezone")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The series that bars go into, and whether everybody sees it: what an import of any source was asked for.

    `describes` names what of the key is said anew. What the series said itself when it was asked for stays as it is
    when the bars come in, so that an import does not undo what somebody changes while it waits.
    """

    key: SeriesKey
    shared: bool = False
    describes: tuple[str, ...] = DESCRIBING

    def owner_id(self, asker_id: int | None) -> int | None:
        """Return whose the series is: the asker's, or nobody's."""
        return None if self.shared else asker_id

    def find(self, asker_id: int | None) -> Series | None:
        """Return the series as it is stored, or None."""
        return self.key.find(self.owner_id(asker_id))

    def beside(self, series: Series | None) -> Self:
        """Return the same for a series as it is stored: it describes only what differs from it."""
        if series is None:
            return self
        said = tuple(name for name in DESCRIBING if getattr(self.key, name) != getattr(series, name))
        return replace(self, describes=said)

    def described(self, series: Series) -> dict[str, str]:
        """Return the fields of a series that the import changes."""
        said = {name: getattr(self.key, name) for name in self.describes}
        if not said.get("name"):
            said.pop("name", None)
        return {name: value for name, value in said.items() if value != getattr(series, name)}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"key": asdict(self.key), "shared": self.shared, "describes": list(self.describes)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make it of `to_dict` again, or of that of a subclass."""
        return cls(**_destination(values))

    @classmethod
    def of(cls, row: BarImport) -> Self:
        """Return what `row` was asked for.

        Raises
        ------
        ImportUnreadable
            The row does not hold what this class writes.
        LabError
            It names what is no longer there: a timeframe, a calendar, a timezone.
        """
        try:
            return cls.from_dict(row.settings)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            said = _("What this import was asked for cannot be read. Ask for it anew.")
            raise ImportUnreadable(said) from error

    @classmethod
    def known(cls, row: BarImport) -> Self | None:
        """Return what `row` was asked for; None when that cannot be read, for a form that only offers it again."""
        try:
            return cls.of(row)
        except LabError:
            return None


class ImportSettings(Destination):
    """What an import of one source was asked for."""

    source: ClassVar[Source]


@dataclass(frozen=True, kw_only=True)
class FileSettings(ImportSettings):
    """A file whose layout is decided; `options` is what was asked in the asker's own words."""

    source = Source.FILE
    layout: Layout
    reading: Reading
    overlap: str = Overlap.EXTEND.value
    options: FileOptions = field(default_factory=FileOptions)

    def __post_init__(self) -> None:
        _check_overlap(self.overlap)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {
            "layout": self.layout.to_dict(),
            "reading": asdict(self.reading) | {"repairs": list(self.reading.repairs)},
            "overlap": self.overlap,
            "options": self.options.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        reading = values["reading"]
        return cls(
            **_destination(values),
            layout=Layout.from_dict(values["layout"]),
            reading=Reading(**{**reading, "repairs": tuple(reading.get("repairs") or ())}),
            overlap=values.get("overlap", Overlap.EXTEND.value),
            options=FileOptions.from_dict(values.get("options") or {}),
        )


@dataclass(frozen=True, kw_only=True)
class DownloadSettings(ImportSettings):
    """A period of a provider's bars; without days (2020-01-31, both included) all that it has.

    An `incremental` one asks for what came since, and a `feed` is told how it went (see `handlers.download`).
    """

    source = Source.PROVIDER
    provider: str
    provider_symbol: str
    start: str | None = None
    end: str | None = None
    overlap: str = Overlap.EXTEND.value
    incremental: bool = False
    feed: int | None = None

    def __post_init__(self) -> None:
        _check_overlap(self.overlap)

    def to_dict(self) -> dict[str, Any]:
        names = ("provider", "provider_symbol", "start", "end", "overlap", "incremental", "feed")
        return super().to_dict() | {name: getattr(self, name) for name in names}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(
            **_destination(values),
            provider=values["provider"],
            provider_symbol=values["provider_symbol"],
            start=values.get("start"),
            end=values.get("end"),
            overlap=values.get("overlap", Overlap.EXTEND.value),
            incremental=bool(values.get("incremental")),
            feed=values.get("feed"),
        )


@dataclass(frozen=True, kw_only=True)
class GenerationSettings(ImportSettings):
    """A synthetic series."""

    source = Source.SYNTHETIC
    spec: SyntheticSpec
    overlap: str = Overlap.REPLACE.value

    def __post_init__(self) -> None:
        _check_overlap(self.overlap)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"spec": asdict(self.spec), "overlap": self.overlap}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(
            **_destination(values),
            spec=SyntheticSpec(**values["spec"]),
            overlap=values.get("overlap", Overlap.REPLACE.value),
        )


@dataclass(frozen=True, kw_only=True)
class DerivationSettings(ImportSettings):
    """Bars that a recipe makes of those of another series."""

    source = Source.DERIVED
    made_from: int
    recipe: Recipe

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"from": self.made_from, "recipe": self.recipe.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(**_destination(values), made_from=values["from"], recipe=read_recipe(values["recipe"]))


@dataclass(frozen=True, kw_only=True)
class RestorationSettings(ImportSettings):
    """What an earlier snapshot of the series holds."""

    source = Source.SNAPSHOT
    snapshot: int

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"snapshot": self.snapshot}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(**_destination(values), snapshot=values["snapshot"])


def _destination(values: Mapping[str, Any]) -> dict[str, Any]:
    describes = tuple(values.get("describes", DESCRIBING))
    if not set(describes) <= set(DESCRIBING):
        raise ValueError(describes)
    return {"key": SeriesKey(**values["key"]), "shared": bool(values.get("shared")), "describes": describes}


def _check_overlap(overlap: str) -> None:
    if overlap not in Overlap.values:
        raise InvalidInput(fields={"overlap": [nearest(overlap, Overlap.values)]})

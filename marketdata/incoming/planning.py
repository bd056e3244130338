"""What will become of an uploaded file: what was recognised in it, what was asked, and the two put together.

Page and API ask here, before anything is queued and again when it is. Nothing in this module reads more than the
beginning of the file, and nothing needs a numerical library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput, LabError, nearest
from marketdata.errors import (
    FileInvalid,
    FileProblem,
    FileTooLarge,
    MissingExtra,
    SeriesNotFound,
    UploadGone,
)
from marketdata.incoming import submissions
from marketdata.incoming.options import FileOptions, asked_overrides, asked_reading
from marketdata.incoming.settings import FileSettings
from marketdata.keys import SeriesKey
from marketdata.models import BarImport, Series, Upload
from marketdata.reading.encodings import foreign
from marketdata.reading.layout import DELIMITERS, ENCODINGS, NO_LAYOUT, Layout, Reading
from marketdata.reading.lines import open_head
from marketdata.reading.preview import Preview, preview
from marketdata.reading.recognition.detect import detect
from marketdata.reading.recognition.detection import NOTHING_SAID, Detection, Overrides
from marketdata.reading.recognition.naming import DIALECTS
from marketdata.store import uploads

PREVIEW_ROWS = 20
TEXT_SOURCE, PARQUET_SOURCE = "csv", "parquet"
OF_TEXT_ALONE = ("encoding", "delimiter", "header", "skipped_lines")
"""Options that say nothing about a Parquet file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do, and what is in its way.

    `refusals` are messages by the name of an option, as a form shows them; `key` is None while there are any.
    """

    upload: Upload
    head: bytes
    options: FileOptions
    overrides: Overrides
    detection: Detection
    reading: Reading
    values: dict[str, str]
    key: SeriesKey | None
    known: Series | None
    refusals: dict[str, list[str]] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """Where each value stands: what was recognised in the light of what was asked."""
        return self.detection.layout

    @property
    def is_readable(self) -> bool:
        """Whether anything can be made of the file as it is asked for."""
        return not self.detection.problems

    @property
    def is_text(self) -> bool:
        """Whether asking for it otherwise may help a file that is not readable."""
        return bool(self.head) and foreign(self.head) is None

    @property
    def is_parquet(self) -> bool:
        """Whether the file says itself how its values are written."""
        return uploads.is_parquet(self.upload.path)

    @property
    def notes(self) -> list[str]:
        """What was recognised and assumed; nothing of a calendar where the series has its own."""
        calendar_note = "" if self.known else self.detection.calendar_note
        return [*self.detection.notes, *([calendar_note] if calendar_note else [])]

    @property
    def warnings(self) -> list[str]:
        """What speaks against putting these bars into the series that was named."""
        found, series = self.detection.symbol, self.known
        if self.options.series is None or series is None or not found or _is_same(found, series.symbol):
            return []
        said = _(
            "The file calls itself %(found)s, and its bars go into your %(series)s. Import them only if both are the "
            "same instrument."
        )
        return [said % {"found": found, "series": series}]

    def without(self, override: str) -> Layout:
        """Return the layout as it would be if this one of `overrides` was left to the file."""
        default = getattr(NOTHING_SAID, override)
        if getattr(self.overrides, override) == default:
            return self.layout
        others = replace(self.overrides, **{override: default})
        return _detected(self.head, self.upload.name, others).layout

    @property
    def dialect_label(self) -> str:
        """Whose files look like this, in words."""
        source = DIALECTS.get(self.layout.dialect)
        if source is None or self.layout.dialect == "generic":
            return _("table of bars")
        return _("like %(source)s") % {"source": source}

    @property
    def delimiter_label(self) -> str:
        """What stands between the columns, in words."""
        return DELIMITERS.get(self.layout.delimiter, self.layout.delimiter)

    @property
    def encoding_label(self) -> str:
        """What the text is written in, in words."""
        return ENCODINGS.get(self.layout.encoding, self.layout.encoding)

    def require(self) -> SeriesKey:
        """Return the key of the series, or raise what is in the way."""
        consequences = {"symbol", "timeframe"}
        if not self.is_readable and self.refusals.keys() <= consequences:
            raise FileInvalid(self.detection.problems)
        if self.refusals or self.key is None:
            raise InvalidInput(fields=self.refusals)
        return self.key

    def settings(self) -> FileSettings:
        """Return what the import is asked for, or raise what is in the way."""
        return FileSettings(
            key=self.require(),
            shared=self.options.shared,
            layout=self.layout,
            reading=self.reading,
            overlap=self.options.overlap,
            options=self.options,
        )

    def preview(self, limit: int = PREVIEW_ROWS) -> Preview:
        """Return the first rows as they will be read."""
        return preview(self.head, self.layout, self.reading, limit=limit)


def read_head(upload: Upload) -> bytes:
    """Return the beginning of an uploaded file, unpacked."""
    try:
        return open_head(uploads.path_of(upload.path))
    except FileNotFoundError as error:
        raise UploadGone(_("The uploaded file is no longer kept. Upload it again.")) from error


def _looked_at(upload: Upload, overrides: Overrides) -> tuple[bytes, Detection]:
    """The beginning of the file and what was recognised in it; a file that cannot be opened is one problem."""
    try:
        head = read_head(upload)
    except FileInvalid as error:
        return b"", Detection(layout=NO_LAYOUT, problems=error.problems)
    except (FileTooLarge, MissingExtra) as error:
        return b"", Detection(layout=NO_LAYOUT, problems=(FileProblem(1, "", "", error.detail),))
    return head, _detected(head, upload.name, overrides)


@lru_cache(maxsize=16)
def _detected(head: bytes, file_name: str, overrides: Overrides) -> Detection:
    """What was recognised; remembered, because a form that is being filled in asks for the same again and again."""
    return detect(head, file_name=file_name, overrides=overrides)


def plan_import(owner: Any, upload: Upload, options: FileOptions) -> Plan:
    """Put what was recognised and what was asked together."""
    refusals: dict[str, list[str]] = {}
    overrides = _overrides(upload, options, refusals)
    head, detection = _looked_at(upload, overrides)
    columns, given = len(detection.layout.names), len(overrides.roles)
    if given and columns not in (0, given):
        refusals["roles"] = [
            _("The file has %(columns)d columns and %(given)d meanings were given.")
            % {"columns": columns, "given": given}
        ]
    target = _target(owner, options)
    values = _values(upload, options, detection, target)
    known = target or _known(owner, values, options)
    if known is not None and known.is_derived:
        refusals["symbol"] = [
            _("Your %(series)s is computed from another series: import into that one, and this one follows.")
            % {"series": known}
        ]
    if known is not None:
        for name in ("calendar", "timezone"):
            values[name] = getattr(options, name) or getattr(known, name)
    reading = asked_reading(values, options, refusals)
    if options.overlap not in BarImport.Overlap.values:
        refusals["overlap"] = [nearest(options.overlap, BarImport.Overlap.values)]
    key = _key(values, refusals)
    return Plan(
        upload=upload,
        head=head,
        options=options,
        overrides=overrides,
        detection=detection,
        reading=reading,
        values=values,
        key=None if refusals else key,
        known=known,
        refusals=refusals,
    )


def submit_file(
    *, owner: Any, options: FileOptions, file: UploadedFile | None = None, upload: Upload | None = None
) -> BarImport:
    """Queue the import of a file, newly given or uploaded before. What is not asked is taken from the file."""
    kept = upload or submissions.keep_upload(owner, _given(file))
    try:
        settings = plan_import(owner, kept, options).settings()
        return submissions.submit_settings(owner=owner, settings=settings, origin=kept.name, upload=kept)
    except BaseException:
        if upload is None:
            submissions.forget_upload(kept)
        raise


def _given(file: UploadedFile | None) -> UploadedFile:
    if file is None:
        raise InvalidInput(fields={"file": [_("Send a file, or name an upload.")]})
    return file


def _overrides(upload: Upload, options: FileOptions, refusals: dict[str, list[str]]) -> Overrides:
    """What was asked about the text of the file, as far as it can be asked."""
    if uploads.is_parquet(upload.path):
        defaults = FileOptions()
        for name in OF_TEXT_ALONE:
            if getattr(options, name) != getattr(defaults, name):
                refusals[name] = [_("A Parquet file says this itself. Leave it out.")]
        options = replace(options, **{name: getattr(defaults, name) for name in OF_TEXT_ALONE})
    return asked_overrides(options, refusals)


def _target(owner: Any, options: FileOptions) -> Series | None:
    """The series that was named, if one was."""
    if options.series is None:
        return None
    allowed = Series.objects.shared() if options.shared and owner.is_staff else Series.objects.for_user(owner)
    series = allowed.filter(pk=options.series).first()
    if series is None:
        raise SeriesNotFound(_("There is no such series among yours."))
    return series


def _values(
    upload: Upload, options: FileOptions, detection: Detection, target: Series | None
) -> dict[str, str]:
    """What the series would be described by, before a stored series of that key is looked for."""
    if target is not None:
        names = ("symbol", "name", "timeframe", "calendar", "timezone", "source", "adjustment")
        values = {name: str(getattr(target, name)) for name in names}
        return values | {"name": options.name.strip() or values["name"]}
    adjusted = Series.Adjustment.SPLITS_DIVIDENDS.value
    return {
        "symbol": (options.symbol or detection.symbol).strip().upper(),
        "name": options.name.strip(),
        "timeframe": options.timeframe or detection.timeframe or "",
        "calendar": options.calendar or detection.calendar or "exchange",
        "timezone": options.timezone or detection.timezone or "UTC",
        "source": PARQUET_SOURCE if uploads.is_parquet(upload.path) else TEXT_SOURCE,
        "adjustment": adjusted if options.adjust else options.adjustment or Series.Adjustment.NONE.value,
    }


def _known(owner: Any, values: dict[str, str], options: FileOptions) -> Series | None:
    """The stored series that these values name."""
    return Series.objects.filter(
        user=None if options.shared else owner,
        symbol=values["symbol"],
        timeframe=values["timeframe"],
        source=values["source"],
        adjustment=values["adjustment"],
    ).first()


def _is_same(one: str, other: str) -> bool:
    """Whether two symbols may well mean one instrument: EUR/USD and EURUSD, SAP.DE and SAP."""
    first, second = (re.sub(r"[^A-Z0-9]", "", name.upper().split(".")[0]) for name in (one, other))
    return first == second


def _key(values: dict[str, str], refusals: dict[str, list[str]]) -> SeriesKey | None:
    if not values["symbol"]:
        refusals["symbol"] = [_("The file does not name its symbol: type it.")]
    if not values["timeframe"]:
        refusals["timeframe"] = [_("The file does not show its timeframe: choose it.")]
    if "symbol" in refusals or "timeframe" in refusals:
        return None
    try:
        return SeriesKey(**values)
    except LabError as error:
        refusals.update(error.fields)
        return None

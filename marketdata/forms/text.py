"""How the text of a file is written, as the import wizard asks it: whatever is left open is recognised in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketdata.incoming.options import MAX_SKIPPED_LINES, THOUSANDS_ASKED
from marketdata.reading.layout import DELIMITERS, ENCODINGS, TIME_FORMATS, Layout

TIME_FORMAT_LABELS = {
    "auto": _("year first, or a Unix time"),
    "ymd": _("year, month, day"),
    "dmy": _("day, month, year"),
    "mdy": _("month, day, year"),
    "unix_s": _("Unix time in seconds"),
    "unix_ms": _("Unix time in milliseconds"),
    "unix_us": _("Unix time in microseconds"),
    "unix_ns": _("Unix time in nanoseconds"),
}
DECIMAL_LABELS = {".": _("point (1.5)"), ",": _("comma (1,5)")}
THOUSANDS_LABELS = {
    "none": _("none (1500)"),
    ",": _("comma (1,500)"),
    ".": _("point (1.500)"),
    " ": _("blank (1 500)"),
    "'": _("apostrophe (1'500)"),
}
HEADER_LABELS = {"yes": _("it names the columns"), "no": _("it is a bar")}


def labelled(names: Iterable[str], labels: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return names as the choices of a select."""
    return [(name, labels.get(name, name)) for name in names]


def _or_as_found(names: Iterable[str], labels: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [("", _("as found")), *labelled(names, labels)]


class TextForm(forms.Form):
    """How the text of the file is written. What is left open is recognised in it."""

    encoding = forms.ChoiceField(
        label=_("Encoding"), required=False, choices=lambda: _or_as_found(ENCODINGS, ENCODINGS)
    )
    delimiter = forms.ChoiceField(
        label=_("Delimiter"), required=False, choices=lambda: _or_as_found(DELIMITERS, DELIMITERS)
    )
    skipped_lines = forms.IntegerField(
        label=_("Lines to skip"),
        required=False,
        widget=forms.NumberInput({"placeholder": _("as found"), "inputmode": "numeric"}),
    )
    header = forms.ChoiceField(
        label=_("The first line"),
        required=False,
        choices=lambda: _or_as_found(HEADER_LABELS, HEADER_LABELS),
    )
    decimal = forms.ChoiceField(
        label=_("Decimal mark"), required=False, choices=lambda: _or_as_found(DECIMAL_LABELS, DECIMAL_LABELS)
    )
    thousands = forms.ChoiceField(
        label=_("Thousands sign"),
        required=False,
        choices=lambda: _or_as_found(THOUSANDS_ASKED, THOUSANDS_LABELS),
    )
    time_format = forms.ChoiceField(
        label=_("Dates and times"),
        required=False,
        choices=lambda: _or_as_found(TIME_FORMATS, TIME_FORMAT_LABELS),
    )

    def clean_skipped_lines(self) -> int | None:
        count: int | None = self.cleaned_data["skipped_lines"]
        if count is not None and not 0 <= count <= MAX_SKIPPED_LINES:
            raise forms.ValidationError(_("Skip from 0 to %(most)d lines.") % {"most": MAX_SKIPPED_LINES})
        return count

    def text_options(self) -> dict[str, Any]:
        """Return what was chosen as options of the file, also when something else was refused."""
        given = getattr(self, "cleaned_data", {})
        options = {name: given.get(name) or "" for name in TEXT_FIELDS}
        header = {"yes": True, "no": False}.get(given.get("header", ""))
        return options | {"header": header, "skipped_lines": given.get("skipped_lines")}


TEXT_FIELDS = tuple(TextForm.base_fields)


def found(words: Any) -> Any:
    """Return what stands below a choice: what the file shows where it is left open."""
    return _("not recognised") if words == "" else _("found: %(words)s") % {"words": words}


def words_of(layout: Layout, name: str) -> Any:
    """Return what a layout says of one of `TEXT_FIELDS`, in words; "" where nothing was recognised."""
    if name == "encoding":
        return ENCODINGS.get(layout.encoding, "")
    return _WORDS[name](layout) if layout.names else ""


def _header_words(layout: Layout) -> Any:
    line = layout.skipped_lines + 1
    if layout.has_header:
        return _("line %(line)d names the columns") % {"line": line}
    if layout.is_named:
        return _("the columns are named above line %(line)d") % {"line": line}
    return _("line %(line)d is a bar") % {"line": line}


_WORDS: dict[str, Callable[[Layout], Any]] = {
    "delimiter": lambda layout: DELIMITERS[layout.delimiter],
    "skipped_lines": lambda layout: layout.skipped_lines,
    "header": _header_words,
    "decimal": lambda layout: DECIMAL_LABELS[layout.decimal],
    "thousands": lambda layout: THOUSANDS_LABELS[layout.thousands or "none"],
    "time_format": lambda layout: TIME_FORMAT_LABELS[layout.time_format],
}

"""What somebody may ask of a file of bars, in the words of the layer that recognises and reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from algotrade.errors import nearest
from marketdata.models import BarImport
from marketdata.reading.checks import wrong_roles
from marketdata.reading.layout import (
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    POLICIES,
    REPAIRS,
    ROLES,
    THOUSANDS,
    TIME_FORMATS,
    Reading,
)
from marketdata.reading.recognition.detection import Overrides
from marketdata.reading.times import get_zone
from marketdata.timeframes import TIMEFRAMES, get_timeframe

THOUSANDS_ASKED = {"none": "", **{sign: sign for sign in THOUSANDS if sign}}
"""What may be asked of the sign between groups of digits, where nothing at all leaves it to the file."""
MAX_SKIPPED_LINES = 1_000


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What somebody asks of a file. Whatever is empty is taken from the file, or from the series it goes into.

    `header` says whether the first line after `skipped_lines` names the columns; `thousands` is one of
    `THOUSANDS_ASKED`. `series` names an own series that the bars go into, whatever the file calls itself. `adjust`
    has the prices adjusted by the column adj_close; `adjustment` says what they are adjusted for already.
    """

    symbol: str = ""
    name: str = ""
    timeframe: str = ""
    calendar: str = ""
    timezone: str = ""
    adjustment: str = ""
    adjust: bool = False
    encoding: str = ""
    delimiter: str = ""
    header: bool | None = None
    skipped_lines: int | None = None
    roles: tuple[str, ...] = ()
    decimal: str = ""
    thousands: str = ""
    time_format: str = ""
    policy: str = "reject"
    repairs: tuple[str, ...] = ()
    overlap: str = BarImport.Overlap.EXTEND.value
    shared: bool = False
    series: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"roles": list(self.roles), "repairs": list(self.repairs)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the options of `to_dict` again; names that are not options are left out."""
        known = {item.name for item in fields(cls)}
        given = {name: value for name, value in values.items() if name in known and value is not None}
        for name in ("roles", "repairs"):
            given[name] = tuple(given.get(name) or ())
        return cls(**given)


def asked_overrides(options: FileOptions, refusals: dict[str, list[str]]) -> Overrides:
    """Return what was asked about the text of a file; what cannot be used is added to `refusals` and left out."""
    choices = {
        "encoding": tuple(ENCODINGS),
        "delimiter": tuple(DELIMITERS),
        "decimal": DECIMALS,
        "thousands": tuple(THOUSANDS_ASKED),
        "time_format": TIME_FORMATS,
    }
    said: dict[str, Any] = {"has_header": options.header, "skipped_lines": options.skipped_lines}
    for name, known in choices.items():
        value = getattr(options, name)
        if value and value not in known:
            refusals[name] = [nearest(value, known)]
        elif value:
            said[name] = THOUSANDS_ASKED[value] if name == "thousands" else value
    if said.get("decimal") and said.get("decimal") == said.get("thousands"):
        refusals["thousands"] = [_("This is the decimal mark already. Choose another one.")]
        del said["thousands"]
    if said["skipped_lines"] is not None and not 0 <= said["skipped_lines"] <= MAX_SKIPPED_LINES:
        refusals["skipped_lines"] = [_("Skip from 0 to %(most)d lines.") % {"most": MAX_SKIPPED_LINES}]
        del said["skipped_lines"]
    if options.roles:
        unknown = [nearest(role, ROLES) for role in options.roles if role not in ROLES]
        if wrong := unknown[:1] or [capfirst(reason) for reason in wrong_roles(options.roles)]:
            refusals["roles"] = wrong
        else:
            said["roles"] = options.roles
    return Overrides(**said)


def asked_reading(values: Mapping[str, str], options: FileOptions, refusals: dict[str, list[str]]) -> Reading:
    """Return how the lines are to be read into a series of these `values`; as `asked_overrides`."""
    if options.policy not in POLICIES:
        refusals["policy"] = [nearest(options.policy, POLICIES)]
    for repair in options.repairs:
        if repair not in REPAIRS:
            refusals["repairs"] = [nearest(repair, REPAIRS)]
    if options.policy == "repair" and not options.repairs:
        refusals["repairs"] = [_("Name what may be repaired: %(names)s.") % {"names": ", ".join(REPAIRS)}]
    try:
        get_zone(values["timezone"])
        timezone = values["timezone"]
    except ValueError:
        timezone = "UTC"  # the key refuses it by name; the preview goes on
    intraday = values["timeframe"] in TIMEFRAMES and get_timeframe(values["timeframe"]).is_intraday
    return Reading(
        timezone=timezone,
        session_dates=not intraday,
        adjust=options.adjust,
        policy=options.policy if options.policy in POLICIES else "reject",  # type: ignore[arg-type]
        repairs=options.repairs if options.policy == "repair" else (),
    )

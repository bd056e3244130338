"""What somebody may ask of a file of bars, and what it changes of what was recognised in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from django.utils.translation import gettext as _

from algotrade.errors import nearest
from marketdata.bars import PRICES
from marketdata.models import BarImport
from marketdata.reading.layout import POLICIES, REPAIRS, ROLES, TIME_FORMATS, Layout, Reading
from marketdata.reading.times import get_zone
from marketdata.timeframes import TIMEFRAMES, get_timeframe


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What somebody asks of a file. Whatever is empty is taken from the file, or from the series it goes into.

    `series` names an own series that the bars go into, whatever the file calls itself. `adjust` has the prices
    adjusted by the column adj_close; `adjustment` says what the prices of the file are adjusted for already.
    """

    symbol: str = ""
    name: str = ""
    timeframe: str = ""
    calendar: str = ""
    timezone: str = ""
    adjustment: str = ""
    adjust: bool = False
    roles: tuple[str, ...] = ()
    decimal: str = ""
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


def asked_layout(found: Layout, options: FileOptions, refusals: dict[str, list[str]]) -> Layout:
    """Return the layout that was recognised, changed as asked; what cannot be used is added to `refusals`."""
    changes: dict[str, Any] = {}
    if options.decimal:
        if options.decimal not in {".", ","}:
            refusals["decimal"] = [_("The decimal mark is “.” or “,”.")]
        else:
            changes["decimal"] = options.decimal
    if options.time_format:
        if options.time_format not in TIME_FORMATS:
            refusals["time_format"] = [nearest(options.time_format, TIME_FORMATS)]
        else:
            changes["time_format"] = options.time_format
    if options.roles:
        problems = _problems_of_roles(options.roles, found)
        if problems:
            refusals["roles"] = problems
        else:
            changes["roles"] = options.roles
    return replace(found, **changes) if changes else found


def asked_reading(values: Mapping[str, str], options: FileOptions, refusals: dict[str, list[str]]) -> Reading:
    """Return how the lines are to be read into a series of these `values`; as `asked_layout`."""
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


def _problems_of_roles(roles: tuple[str, ...], found: Layout) -> list[str]:
    """What is wrong with the meaning that was given to each column."""
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        return [nearest(unknown[0], ROLES)]
    if len(roles) != len(found.names):
        return [
            _("The file has %(columns)d columns and %(given)d meanings were given.")
            % {"columns": len(found.names), "given": len(roles)}
        ]
    problems = [
        _("No column is the %(role)s. Choose one.") % {"role": role} for role in PRICES if role not in roles
    ]
    problems += [
        _("Several columns are the %(role)s. Keep one of them.") % {"role": role}
        for role in ROLES
        if role != "ignore" and roles.count(role) > 1
    ]
    if "time" not in roles and "date" not in roles:
        problems.append(_("No column holds the time. Choose one, or a date and a time of day."))
    if "time" in roles and ("date" in roles or "time_of_day" in roles):
        problems.append(_("Choose either one column with the whole time, or a date and a time of day."))
    return problems

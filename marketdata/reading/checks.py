"""What keeps any file from being read as asked, whatever stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from marketdata.bars import PRICES
from marketdata.errors import FileProblem
from marketdata.reading.layout import (
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    MAX_COLUMNS,
    ROLES,
    THOUSANDS,
    TIME_FORMATS,
    Layout,
    Reading,
)
from marketdata.reading.report import problem
from marketdata.reading.times import get_zone


def check_layout(layout: Layout, reading: Reading) -> list[FileProblem]:
    """Return what keeps any file from being read by this layout in this way; empty when nothing does."""
    reasons = wrong_roles(layout.roles)
    if len(layout.roles) != len(layout.names):
        reasons.append("not every column has a name and a role. Detect the columns again.")
    if len(layout.names) > MAX_COLUMNS:
        reasons.append(f"{len(layout.names)} columns are over the cap of {MAX_COLUMNS}. Remove columns.")
    reasons.extend(_wrong_signs(layout))
    if reading.adjust and "adj_close" not in layout.roles:
        reasons.append("the file has no column adj_close to adjust by. Import it without adjusting.")
    try:
        get_zone(reading.timezone)
    except ValueError as error:
        reasons.append(str(error))
    return [problem(0, "", "", reason) for reason in reasons]


def wrong_roles(roles: Sequence[str]) -> list[str]:
    """Say why bars cannot be read from columns that hold these `layout.ROLES`; empty when they can."""
    reasons = []
    if missing := [name for name in PRICES if name not in roles]:
        reasons.append(f"no column holds {', '.join(missing)}. Say which column does.")
    times = {role for role in roles if role in ("time", "date", "time_of_day")}
    if not times:
        reasons.append("no column holds the time. Say which column does.")
    elif times not in ({"time"}, {"date"}, {"date", "time_of_day"}):
        reasons.append("the time is one column, or a date and a time of day. Choose one of the two.")
    for role in sorted(set(roles) - {"ignore"}):
        if role not in ROLES:
            reasons.append(f"{role[:40]!r} is not what a column can hold. There are: {', '.join(ROLES)}.")
        elif roles.count(role) > 1:
            reasons.append(f"{roles.count(role)} columns hold {role}. Keep one of them.")
    return reasons


def _wrong_signs(layout: Layout) -> Iterator[str]:
    choices = (
        ("encoding", layout.encoding, tuple(ENCODINGS)),
        ("delimiter", layout.delimiter, tuple(DELIMITERS)),
        ("decimal sign", layout.decimal, DECIMALS),
        ("thousands separator", layout.thousands, THOUSANDS),
        ("time format", layout.time_format, TIME_FORMATS),
    )
    for what, value, known in choices:
        if value not in known:
            said = ", ".join(repr(one) for one in known)
            yield f"{str(value)[:40]!r} is not a known {what}. There are: {said}."
    if layout.thousands == layout.decimal:
        yield "the decimal sign and the thousands separator are the same. Choose another one."

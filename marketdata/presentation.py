"""What the pages of market data show of plain values, in the order and the words of a reader."""

from __future__ import annotations

from marketdata.incoming.planning import Plan
from marketdata.reading.encodings import decoded, lines_of

LINES_SHOWN = 8
LONGEST_LINE = 200
COMMON_TIMEZONES = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/Toronto",
    "Asia/Dubai",
    "Asia/Hong_Kong",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Paris",
    "Europe/Zurich",
)


def first_lines(plan: Plan) -> list[str]:
    """Return the first lines of a file as they stand in it, for somebody to compare."""
    head = plan.head[: LINES_SHOWN * 1024]
    lines = lines_of(decoded(head, plan.layout.encoding or "utf-8"))[:LINES_SHOWN]
    return [line.replace("\0", "\ufffd")[:LONGEST_LINE] for line in lines]

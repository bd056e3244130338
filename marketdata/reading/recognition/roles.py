"""What each column of a table holds, from its name where there is one and from its values where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from marketdata.bars import PRICES
from marketdata.reading.moments import unix_unit
from marketdata.reading.numbers import NumberReader
from marketdata.reading.recognition.dates import is_clock, is_count, is_moment
from marketdata.reading.recognition.naming import Ambiguous, plain, time_columns, value_roles
from marketdata.reading.recognition.signs import is_number

_MOSTLY = 0.95


@dataclass(slots=True)
class Roles:
    """The role of each column, what was assumed, and what cannot be decided (in words)."""

    roles: list[str]
    notes: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def by_names(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Roles:
    """Read the roles from the header; `rows` settle which of several columns holds the time."""
    found = Roles(["ignore"] * len(names))
    try:
        values = value_roles(names)
    except Ambiguous as error:
        found.refusals.append(str(error))
        return found
    missing = [name for name in PRICES if name not in values]
    if missing:
        listed = ", ".join(name for name in names if name) or "none"
        found.refusals.append(
            f"the header has no column {', '.join(missing)} (found: {listed[:200]}). Name the columns "
            "date, open, high, low, close, volume, or say which column holds what."
        )
    for role, position in values.items():
        found.roles[position] = role
    _leave_unread_volume(names, rows, found)
    _prefer_traded_volume(names, rows, found)
    _place_times(names, rows, found)
    return found


def _leave_unread_volume(names: Sequence[str], rows: Sequence[Sequence[str]], found: Roles) -> None:
    """Indices and currencies often have a column of the volume that nobody fills; some sites round it to 12.3M."""
    if not rows or "volume" not in found.roles:
        return
    position = found.roles.index("volume")
    filled = _filled(rows, position)
    if any(is_number(cell) for cell in filled):
        return
    found.roles[position] = "ignore"
    what = f"holds no numbers ({filled[0][:20]!r})" if filled else "is empty"
    found.notes.append(f"{names[position]} {what}; the volume is 0.")


def _prefer_traded_volume(names: Sequence[str], rows: Sequence[Sequence[str]], found: Roles) -> None:
    """MetaTrader counts ticks beside a volume that many brokers leave at 0."""
    plains = [plain(name) for name in names]
    ticks = next((at for at, name in enumerate(plains) if name in ("tickvol", "tickvolume")), None)
    if ticks is None or "volume" not in found.roles or found.roles[ticks] == "volume":
        return
    traded = found.roles.index("volume")
    if all(row[traded].strip("0.,") == "" for row in rows if len(row) > traded):
        found.roles[traded], found.roles[ticks] = "ignore", "volume"
        found.notes.append(
            f"{names[traded]} is 0 throughout; the volume is read from {names[ticks]} (counted ticks)."
        )


def _place_times(names: Sequence[str], rows: Sequence[Sequence[str]], found: Roles) -> None:
    free = [at for at, role in enumerate(found.roles) if role == "ignore"]
    named = [at for at in time_columns(names) if at in free]
    full = [at for at in named if _mostly(rows, at, is_moment) or is_count(_filled(rows, at))]
    clocks = [at for at in named if at not in full and _mostly(rows, at, is_clock)]
    if not rows:
        full = named[:1] if len(named) < 2 else []
        clocks = []
        if {plain(names[at]) for at in named} == {"date", "time"}:
            by_name = {plain(names[at]): at for at in named}
            full, clocks = [by_name["date"]], [by_name["time"]]
    if len(full) > 1:
        full = _one_of(names, rows, full, found)
    if not full:
        unnamed = [at for at in free if (at == 0 or not names[at]) and _mostly(rows, at, is_moment)]
        if len(unnamed) == 1 and not named:
            full = unnamed
            which = repr(names[full[0]]) if names[full[0]] else "the one without a name"
            found.notes.append(f"No column is named as a time; {which} holds times.")
    if found.refusals and not full:
        return
    if not full:
        listed = ", ".join(repr(names[at]) for at in named)
        found.refusals.append(
            f"the columns that may hold the time ({listed}) do not hold one time each row. Say which one does."
            if named
            else "the header has no time column. Name it date, datetime, time or timestamp."
        )
        return
    if len(clocks) == 1 and _mostly(rows, full[0], _is_day):
        found.roles[full[0]], found.roles[clocks[0]] = "date", "time_of_day"
    else:
        found.roles[full[0]] = "time"


def _one_of(names: Sequence[str], rows: Sequence[Sequence[str]], full: list[int], found: Roles) -> list[int]:
    """Choose among several columns of times: a Unix time, else the only one with a time of day."""
    unix = [at for at in full if _mostly(rows, at, lambda text: unix_unit(text) is not None)]
    exact = [at for at in full if not _mostly(rows, at, _is_day)]
    for chosen in (unix, exact):
        if len(chosen) == 1:
            found.notes.append(f"Several columns hold times; {names[chosen[0]]!r} is read.")
            return chosen
    opening = [at for at in full if plain(names[at]).startswith("open")]
    if len(opening) == 1:
        return opening
    listed = ", ".join(repr(names[at]) for at in full)
    found.refusals.append(
        f"several columns hold the time ({listed}). Keep one of them, or say which one to read."
    )
    return full[:1]


def by_values(rows: Sequence[Sequence[str]], numbers: NumberReader) -> Roles:
    """Read the roles of a table without a header: a time, then four prices, then the volume."""
    width = min(len(row) for row in rows)
    found = Roles(["ignore"] * width)
    time = next((at for at in range(width) if _mostly(rows, at, is_moment)), None)
    if time is None:
        found.refusals.append("the file has no header, and no column that holds times. Name the columns.")
        return found
    after = time + 1
    if (
        _mostly(rows, time, _is_day)
        and after < width
        and _mostly(rows, after, is_clock)
        and width - after > 4
    ):
        found.roles[time], found.roles[after] = "date", "time_of_day"
        after += 1
    else:
        found.roles[time] = "time"
    numeric = [at for at in range(after, width) if _mostly(rows, at, is_number)]
    if len(numeric) < 4:
        found.refusals.append(
            "the file has no header, and not four columns of prices after the time. Name them."
        )
        return found
    order = _price_order(rows, numeric[:4], numbers)
    if order is None:
        found.refusals.append(
            "the file has no header, and the four numbers after the time are no open, high, low and close: "
            "no column is the highest of them throughout. Name the columns."
        )
        return found
    for position, role in zip(numeric[:4], order, strict=True):
        found.roles[position] = role
    volume = f", then {'volume' if len(numeric) > 4 else 'no volume'}"
    if len(numeric) > 4:
        found.roles[numeric[4]] = "volume"
    found.notes.append(
        f"No names say what the columns hold; those after the time are taken as {', '.join(order)}{volume}."
    )
    return found


def _price_order(
    rows: Sequence[Sequence[str]], columns: Sequence[int], numbers: NumberReader
) -> tuple[str, ...] | None:
    """Tell four columns of prices apart: the highest, the lowest, and the other two in their order."""
    values = [[numbers.read(row[at]) for at in columns] for row in rows]
    quads = [[value for value in quad if value is not None] for quad in values]
    quads = [quad for quad in quads if len(quad) == 4]
    if not quads:
        return None

    def fits(order: tuple[str, ...]) -> bool:
        high, low = order.index("high"), order.index("low")
        good = sum(quad[high] == max(quad) and quad[low] == min(quad) for quad in quads)
        return good >= 0.9 * len(quads)

    if fits(PRICES):
        return PRICES
    for high in range(4):
        for low in range(4):
            rest = [at for at in range(4) if at not in (high, low)]
            if high == low:
                continue
            order = {high: "high", low: "low", rest[0]: "open", rest[1]: "close"}
            named = tuple(order[at] for at in range(4))
            if fits(named):
                return named
    return None


def _mostly(rows: Sequence[Sequence[str]], at: int, test: Callable[[str], bool]) -> bool:
    cells = _filled(rows, at)
    return bool(cells) and sum(test(cell) for cell in cells) >= _MOSTLY * len(cells)


def _filled(rows: Sequence[Sequence[str]], at: int) -> list[str]:
    return [row[at] for row in rows if at < len(row) and row[at]]


def _is_day(text: str) -> bool:
    """Whether a cell is a date alone."""
    return ":" not in text and unix_unit(text) is None and " " not in text.strip() and "T" not in text[1:]

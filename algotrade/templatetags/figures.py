"""Numbers and dates as the pages print them: fractions come in, text for people goes out.

Undefined values (None, NaN, infinities, "") print as "n/a". Thousands are parted by a narrow no-break space,
negative values carry a real minus sign.
"""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils.translation import gettext

register = template.Library()

THIN_SPACE = "\u202f"
MINUS = "\u2212"

SPARKLINE_WIDTH = 120
SPARKLINE_HEIGHT = 28
SPARKLINE_MARGIN = 2


def _number(value: Any) -> Decimal | None:
    """Return a finite Decimal, or None for whatever is not a number."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def _grouped(number: Decimal, places: int, *, signed: bool = False) -> str:
    text = f"{abs(number):,.{places}f}"
    # A value that rounds to nothing is zero: it gets no sign.
    is_zero = not any(digit in "123456789" for digit in text)
    sign = "" if is_zero else MINUS if number < 0 else "+" if signed else ""
    return sign + text.replace(",", THIN_SPACE)


def _undefined() -> str:
    return gettext("n/a")


@register.filter
def na(value: Any) -> Any:
    """Return the value itself, or "n/a" where there is none."""
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return _undefined()
    return value


@register.filter
def percent(value: Any, places: int = 2) -> str:
    """0.1234 -> 12.34 %."""
    number = _number(value)
    return _undefined() if number is None else f"{_grouped(number * 100, int(places))}{THIN_SPACE}%"


@register.filter
def signed_percent(value: Any, places: int = 2) -> str:
    """0.1234 -> +12.34 %."""
    number = _number(value)
    if number is None:
        return _undefined()
    return f"{_grouped(number * 100, int(places), signed=True)}{THIN_SPACE}%"


@register.filter
def ratio(value: Any, places: int = 2) -> str:
    """1.2449 -> 1.24."""
    number = _number(value)
    return _undefined() if number is None else _grouped(number, int(places))


@register.filter
def money(value: Any, currency: str = "USD") -> str:
    """12345.678 -> 12 345.68 USD. An empty currency leaves it away."""
    number = _number(value)
    if number is None:
        return _undefined()
    return f"{_grouped(number, 2)}{THIN_SPACE}{currency}" if currency else _grouped(number, 2)


@register.filter
def signed_money(value: Any, currency: str = "USD") -> str:
    """250 -> +250.00 USD."""
    number = _number(value)
    if number is None:
        return _undefined()
    text = _grouped(number, 2, signed=True)
    return f"{text}{THIN_SPACE}{currency}" if currency else text


@register.filter
def price(value: Any, at_least: int = 2) -> str:
    """Two decimals from 10 on, six significant digits below: 130.31, 1.05236, 0.000012345.

    `at_least` as many decimals are printed, so that a column of prices lines up, see `price_places`.
    """
    number = _number(value)
    if number is None:
        return _undefined()
    exponent = number.adjusted() if number else 0
    places = max(at_least, 2 if exponent >= 1 else min(5 - exponent, 10))
    whole, _, decimals = _grouped(number, places).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(at_least, '0')}"


@register.filter
def price_places(rows: Iterable[Any]) -> int:
    """Return how many decimals the prices of all rows (with open, high, low and close) need."""
    names = ("open", "high", "low", "close")
    shown = (price(getattr(row, name)) for row in rows for name in names)
    return max((len(text.partition(".")[2]) for text in shown if "." in text), default=2)


@register.filter
def quantity(value: Any) -> str:
    """A traded volume: whole from 1000 on or where it is whole, else as a price: 55, 0.0125, 3 638 600."""
    number = _number(value)
    if number is None:
        return _undefined()
    return (
        _grouped(number, 0) if abs(number) >= 1000 or number == number.to_integral_value() else price(number)
    )


@register.filter
def integer(value: Any) -> str:
    """1234567 -> 1 234 567."""
    number = _number(value)
    return _undefined() if number is None else _grouped(number, 0)


@register.filter
def tone(value: Any) -> str:
    """Return the CSS class of a signed value: "gain", "loss" or nothing."""
    number = _number(value)
    if number is None or number == 0:
        return ""
    return "gain" if number > 0 else "loss"


def _moment(value: Any) -> datetime | date | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value
    if isinstance(value, date):
        return value
    if isinstance(value, str) and value:
        try:
            return _moment(datetime.fromisoformat(value))
        except ValueError:
            return None
    return None


@register.filter
def iso_date(value: Any) -> str:
    """Return a date, a time (in UTC) or an ISO text as 2024-03-01."""
    moment = _moment(value)
    return _undefined() if moment is None else f"{moment:%Y-%m-%d}"


@register.filter
def iso_time(value: Any) -> str:
    """Return a time in UTC as 2024-03-01 14:30. The page says the zone once."""
    moment = _moment(value)
    return _undefined() if moment is None else f"{moment:%Y-%m-%d %H:%M}"


@register.filter
def moment(value: Any, with_midnight: bool = False) -> str:
    """Return a time in UTC, no finer than it is; a midnight as its date alone, unless it is wanted in full."""
    at = _moment(value)
    if at is None:
        return _undefined()
    if not isinstance(at, datetime):
        return f"{at:%Y-%m-%d}"
    if not with_midnight and (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0):
        return f"{at:%Y-%m-%d}"
    text = f"{at:%Y-%m-%d %H:%M}" if not at.second and not at.microsecond else f"{at:%Y-%m-%d %H:%M:%S}"
    return f"{text}.{at.microsecond:06d}".rstrip("0") if at.microsecond else text


@register.filter
def duration(value: Any) -> str:
    """Seconds or a timedelta in the two largest fitting units: 0.084 -> 84 ms, 3725 -> 1 h 02 min."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    number = _number(value)
    if number is None:
        return _undefined()
    seconds = float(number)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}{THIN_SPACE}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}{THIN_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{THIN_SPACE}min {rest:02d}{THIN_SPACE}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}{THIN_SPACE}h {minutes:02d}{THIN_SPACE}min"
    days, hours = divmod(hours, 24)
    return f"{days}{THIN_SPACE}d {hours:02d}{THIN_SPACE}h"


@register.filter
def duration_left(value: Any) -> str:
    """A foreseen time, whose digits would promise too much: 41.7 -> 42 s, 130 -> 2 min, 3725 -> 1 h 2 min."""
    number = _number(value)
    if number is None:
        return _undefined()
    seconds = float(number)
    if seconds < 60:
        return f"{max(1, round(seconds))}{THIN_SPACE}s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{THIN_SPACE}min"
    return f"{minutes // 60}{THIN_SPACE}h {minutes % 60}{THIN_SPACE}min"


@register.filter
def duration_ms(value: Any) -> str:
    """Milliseconds as `duration` prints them."""
    number = _number(value)
    return _undefined() if number is None else duration(number / 1000)


@register.filter
def sparkline_points(values: Iterable[Any] | None) -> str:
    """Return the `points` of an SVG polyline for a short series; gaps are left out, no series gives ""."""
    numbers = [(index, _number(value)) for index, value in enumerate(values or ())]
    points = [(index, float(number)) for index, number in numbers if number is not None]
    if len(points) < 2:
        return ""
    low = min(value for _, value in points)
    span = max(value for _, value in points) - low
    step = (SPARKLINE_WIDTH - 2 * SPARKLINE_MARGIN) / (len(numbers) - 1)
    height = SPARKLINE_HEIGHT - 2 * SPARKLINE_MARGIN
    return " ".join(
        f"{SPARKLINE_MARGIN + index * step:.1f},"
        f"{SPARKLINE_MARGIN + height * (1 - ((value - low) / span if span else 0.5)):.1f}"
        for index, value in points
    )


@register.filter
def change_over(values: Iterable[Any] | None) -> Decimal | None:
    """Return the fraction gained from the first to the last number of a series, None where undefined."""
    numbers = [number for value in (values or ()) if (number := _number(value)) is not None]
    if len(numbers) < 2 or numbers[0] <= 0:
        return None
    return numbers[-1] / numbers[0] - 1

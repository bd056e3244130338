"""Which series bars belong to, as plain values that forms, API and jobs hand on."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Self

from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput, LabError, nearest
from marketdata.models import SYMBOL_HELP, SYMBOL_PATTERN, Series
from marketdata.reading.times import get_zone
from marketdata.timeframes import get_calendar, get_timeframe

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Which series the bars belong to; it is made when the job succeeds and the series is not there yet."""

    symbol: str
    timeframe: str
    calendar: str
    source: str
    name: str = ""
    timezone: str = "UTC"
    adjustment: str = Series.Adjustment.NONE.value

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbol", self.symbol.strip().upper())
        problems: dict[str, list[str]] = {}
        if not re.fullmatch(SYMBOL_PATTERN, self.symbol):
            shown = self.symbol[:40]
            problems["symbol"] = [_("“%(value)s” is not a symbol.") % {"value": shown} + f" {SYMBOL_HELP}"]
        if len(self.name) > LONGEST_NAME:
            problems["name"] = [_("The name has over 120 characters. Shorten it.")]
        if self.adjustment not in Series.Adjustment.values:
            problems["adjustment"] = [nearest(self.adjustment, Series.Adjustment.values)]
        for check in (lambda: get_timeframe(self.timeframe), lambda: get_calendar(self.calendar)):
            try:
                check()
            except LabError as error:
                problems.update(error.fields)
        try:
            get_zone(self.timezone)
        except ValueError as error:
            problems["timezone"] = [str(error)]
        if problems:
            raise InvalidInput(fields=problems)

    @classmethod
    def of(cls, series: Series) -> Self:
        """Return what names and describes a stored series."""
        return cls(**{item.name: getattr(series, item.name) for item in fields(cls)})

    def find(self, user_id: int | None) -> Series | None:
        """Return the owner's series of this key (the shared one without an owner), or None."""
        return Series.objects.filter(user_id=user_id, **self.identity()).first()

    def identity(self) -> dict[str, str]:
        """Return the fields that tell an owner's series apart."""
        return {
            "symbol": self.symbol,
            "timeframe": self.timeframe,
            "source": self.source,
            "adjustment": self.adjustment,
        }

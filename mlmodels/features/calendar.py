"""When a bar begins (UTC), as a point on a circle: Sunday is as near to Monday as Tuesday is."""

from __future__ import annotations

import numpy as np

from mlmodels.features.columns import Columns, Floats
from mlmodels.features.registry import FeatureKind, register_feature
from strategies.params import ChoiceParam

_PART = ChoiceParam(
    "part",
    default="sin",
    choices=(("sin", "Sine"), ("cos", "Cosine")),
    label="Coordinate",
    help="Both together say where on the circle a bar is.",
)
_BOTH = (("sin",), ("cos",))
SECONDS_A_DAY = 86_400
_MONDAY = 4  # days from the epoch, a Thursday, to a Monday


def _circle(share: Floats, part: str) -> Floats:
    angle = 2.0 * np.pi * share
    return np.asarray(np.sin(angle) if part == "sin" else np.cos(angle))


def _day_of_week(columns: Columns, out: Floats, part: str) -> None:
    days = columns.bars.time.astype("datetime64[D]").astype(np.int64)
    out[:] = _circle(np.arange(7) / 7.0, part)[(days - _MONDAY) % 7]


def _time_of_day(columns: Columns, out: Floats, part: str) -> None:
    seconds = columns.bars.time.astype("datetime64[s]").astype(np.int64)
    out[:] = _circle((seconds % SECONDS_A_DAY) / SECONDS_A_DAY, part)


register_feature(
    FeatureKind(
        "day_of_week",
        "Day of the week",
        title="Day of the week ({part})",
        summary="Monday to Sunday once around a circle.",
        group="calendar",
        params=(_PART,),
        offered=_BOTH,
        warmup=lambda part: 0,
        compute=_day_of_week,
    )
)
register_feature(
    FeatureKind(
        "time_of_day",
        "Time of the day",
        title="Time of the day ({part})",
        summary="From midnight (UTC) once around a circle; the same for all daily bars.",
        group="calendar",
        params=(_PART,),
        offered=_BOTH,
        warmup=lambda part: 0,
        compute=_time_of_day,
    )
)

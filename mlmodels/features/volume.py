"""What was traded, beside what was traded before; never an amount. No value where nothing was traded."""

from __future__ import annotations

from mlmodels.features.columns import Columns, Floats, loops
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import backends
from strategies.indicators.columns import frozen


def _volume_ratio(columns: Columns, out: Floats, window: int) -> None:
    loops().share_nb(columns.bars.volume, _average(columns, window), out)


def _obv_slope(columns: Columns, out: Floats, window: int) -> None:
    bars = columns.bars
    with columns.scratch() as signed, columns.scratch() as average:
        loops().signed_volume_nb(bars.close, bars.volume, signed)
        backends.windows().moving_average_nb(frozen(signed), window, average)
        loops().share_nb(frozen(average), _average(columns, window), out)


def _money_flow(columns: Columns, out: Floats, window: int) -> None:
    bars, average = columns.bars, backends.windows().moving_average_nb
    with columns.scratch() as flow, columns.scratch() as rise, columns.scratch() as fall:
        loops().money_flows_nb(bars.high, bars.low, bars.close, bars.volume, flow, out)
        average(frozen(flow), window, rise)
        average(frozen(out), window, fall)
        loops().flow_index_nb(frozen(rise), frozen(fall), out)


def _vwap_gap(columns: Columns, out: Floats, window: int) -> None:
    bars = columns.bars
    with columns.scratch() as money, columns.scratch() as average:
        loops().money_nb(bars.high, bars.low, bars.close, bars.volume, money)
        backends.windows().moving_average_nb(frozen(money), window, average)
        loops().share_nb(frozen(average), _average(columns, window), money)
        loops().over_nb(bars.close, frozen(money), out)


def _average(columns: Columns, window: int) -> Floats:
    return columns.filled(
        ("volume", window),
        lambda out: backends.windows().moving_average_nb(columns.bars.volume, window, out),
    )


register_feature(
    FeatureKind(
        "volume_ratio",
        "Volume over its average",
        title="Volume over its {window}-bar average",
        summary="Volume of the bar over the average of the last bars, this one included.",
        group="volume",
        params=(bars_param("window", 20, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_volume_ratio,
        needs_volume=True,
    )
)
register_feature(
    FeatureKind(
        "obv_slope",
        "Slope of the on-balance volume",
        title="Change of the on-balance volume over {window} bars",
        summary="Volume of rising less that of falling bars, as a share of all of it, -1 to 1.",
        group="volume",
        params=(bars_param("window", 20, minimum=1, label="Window"),),
        warmup=lambda window: window,
        compute=_obv_slope,
        needs_volume=True,
    )
)
register_feature(
    FeatureKind(
        "money_flow",
        "Money flow index",
        title="Money flow index, {window} bars",
        summary="Share of the money that flowed while the typical price rose, 0 to 1.",
        group="volume",
        params=(bars_param("window", 14, minimum=1, label="Window"),),
        warmup=lambda window: window,
        compute=_money_flow,
        needs_volume=True,
    )
)
register_feature(
    FeatureKind(
        "vwap_gap",
        "Close over its volume-weighted average",
        title="Close over its {window}-bar volume-weighted average price",
        summary="Close over the volume-weighted average price of the last bars, less 1.",
        group="volume",
        params=(bars_param("window", 20, minimum=1, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_vwap_gap,
        needs_volume=True,
    )
)

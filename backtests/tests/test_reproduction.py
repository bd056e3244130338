"""An old result is computed again from its snapshot, bit for bit, whatever happened to the series since."""

from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.utils.timezone import now

from backtests.models import BacktestResult
from backtests.services import BacktestService
from backtests.tests.conftest import wavy_bars
from marketdata.services import import_bars
from marketdata.store.collecting import check_snapshots, collect_snapshots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


def bits(value):
    """Everything inside an outcome, floats by their bits."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: bits(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.tobytes()
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    return repr(value)


def compute(result):
    return bits(BacktestService.run_backtest(BacktestResult.objects.get(pk=result.pk)))


def test_an_old_result_is_computed_again_bit_for_bit_after_new_data_arrived(
    series, submit, finish, media_root
):
    result = finish(submit())
    before = compute(result)
    import_bars(series=series, bars=wavy_bars(500, first_day="2021-02-04"))  # the series grew
    assert compute(result) == before
    collect_snapshots(now() + timedelta(days=400))
    assert compute(result) == before
    path = Path(media_root) / result.snapshot.path
    path.unlink()  # its file is lost, and made again of the first rows
    assert check_snapshots().rebuilt == 1
    assert compute(result) == before
    import_bars(
        series=series, bars=wavy_bars(900, first_day="2019-06-01")
    )  # other prices took the old ones' places
    series.refresh_from_db()
    assert series.content_sha256 != result.snapshot_sha256
    assert compute(result) == before


def test_other_bars_give_another_result(series, submit, finish):
    """The comparison above can fail."""
    first = compute(finish(submit()))
    import_bars(series=series, bars=wavy_bars(900, first_day="2019-06-01"))
    series.refresh_from_db()
    assert compute(finish(submit())) != first

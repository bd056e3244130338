"""One of everything that somebody may own."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from accounts.models import ApiToken, DataExport
from algotrade.jobs.models import Job
from algotrade.tests.routes import MARK
from backtests.models import BacktestResult, Sweep
from marketdata.models import BarImport, Feed, MarketData, Series, Snapshot, Upload
from mlmodels.models import MLModel
from strategies.models import Strategy


def one_of_everything(user: Any, media_root: Path) -> dict[str, Any]:
    """One of everything, all of it the owner's."""
    moment = datetime(2024, 1, 2, tzinfo=UTC)
    span = {"first_time": moment, "last_time": moment, "bar_count": 1}
    series = Series.objects.create(
        user=user, symbol="ZANZIBAR", name=MARK, timeframe="1d", source="csv", calendar="exchange", **span
    )
    bar = MarketData.objects.create(
        series=series, symbol="ZANZIBAR", timestamp=moment, open=1, high=1, low=1, close=1, volume=1
    )
    snapshot = Snapshot.objects.create(series=series, sha256="ab" * 32, path=f"{MARK}.npy", **span)
    strategy = Strategy.objects.create(
        user=user, name=MARK, strategy_type="rsi", symbol="ZANZIBAR", initial_capital=1000
    )
    job = Job.objects.create(
        owner=user, kind="backtests.run", title=MARK, state=Job.State.FAILED, deadline_at=moment
    )
    (media_root / "uploads").mkdir()
    (media_root / "uploads" / "bars.csv").write_text(
        f"date,open,high,low,close,{MARK}\n2024-01-02,1,1,1,1,1\n"
    )
    upload = Upload.objects.create(user=user, name=f"{MARK}.csv", path="uploads/bars.csv", size=60)
    brought = BarImport.objects.create(
        user=user,
        series=series,
        upload=upload,
        source=BarImport.Source.FILE,
        origin=MARK,
        symbol="ZANZIBAR",
        timeframe="1d",
        status=Job.State.FAILED,
        problems=[{"line": 2, "column": MARK, "value": MARK, "reason": MARK}],
    )
    feed = Feed.objects.create(series=series, provider="synthetic", symbol=MARK)
    common = {"user": user, "series": series, "snapshot": snapshot, "symbol": "ZANZIBAR", "timeframe": "1d"}
    result = BacktestResult.objects.create(
        strategy=strategy,
        strategy_name=MARK,
        strategy_type="rsi",
        snapshot_sha256=snapshot.sha256,
        periods_per_year=252,
        start_date=date(2024, 1, 1),
        end_date=date(2024, 2, 1),
        **common,
    )
    sweep = Sweep.objects.create(
        strategy=strategy,
        strategy_name=MARK,
        strategy_type="rsi",
        snapshot_sha256=snapshot.sha256,
        periods_per_year=252,
        start_date=date(2024, 1, 1),
        end_date=date(2024, 2, 1),
        axes=[{"name": "period", "values": [7, 14]}],
        **common,
    )
    model = MLModel.objects.create(
        name=MARK, algorithm="logistic_regression", snapshot_sha256=snapshot.sha256, **common
    )
    token = ApiToken.objects.create(user=user, name=MARK, digest="ab" * 32, hint="lab_abcd", stamp="")
    (media_root / "exports").mkdir()
    (media_root / "exports" / "all.zip").write_bytes(MARK.encode())
    export = DataExport.objects.create(
        user=user, status=Job.State.SUCCEEDED, path="exports/all.zip", size=8, finished_at=moment
    )
    return {
        "api-token": token,
        "data-export": export,
        "series": series,
        "bar": bar,
        "strategy": strategy,
        "job": job,
        "import": brought,
        "upload": upload,
        "feed": feed,
        "result": result,
        "sweep": sweep,
        "model": model,
        "snapshot": snapshot,
    }


# Everybody may ask for a copy of their own data, which nothing has to be said for.
ASKED_BY_ANYBODY = {Job: {"kind": "accounts.export"}, DataExport: {"status": Job.State.QUEUED}}


def inventory() -> list[int]:
    models = (
        Series,
        MarketData,
        Snapshot,
        Upload,
        BarImport,
        Feed,
        Strategy,
        Job,
        BacktestResult,
        Sweep,
        MLModel,
        ApiToken,
        DataExport,
    )
    return [model.objects.exclude(**ASKED_BY_ANYBODY.get(model, {})).count() for model in models]

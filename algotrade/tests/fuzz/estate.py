"""An owner who has something in each state that an operation asks for, and a request that each of many accepts."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from accounts import tokens
from algotrade.jobs.context import JobContext
from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from algotrade.tests.belongings import one_of_everything
from backtests.models import BacktestResult, Sweep
from backtests.services import BacktestService
from backtests.sweeps.services import SweepService
from backtests.sweeps.tasks import run_sweep
from backtests.tasks import run_backtest
from marketdata.incoming.submissions import submit_generation
from marketdata.models import Series, Upload
from marketdata.services import import_bars
from marketdata.synthetic import SyntheticSpec, generate
from mlmodels.models import MLModel
from mlmodels.services import MLModelService
from strategies.services import StrategyService

BARS = SyntheticSpec(bars=700, start="2023-06-01", timeframe="1d", calendar="24/7")
AXIS = {"name": "period", "values": [7, 14]}
DATES = {"start_date": "2024-02-01", "end_date": "2024-09-01"}
QUICK = {"features": ["log_return_1", "rsi_14"], "folds": 2, "end_date": date(2024, 12, 1)}


@dataclass
class Estate:
    """What the owner has; what some operations ask for instead, by their names; and good bodies and queries."""

    user: Any
    things: dict[str, Any]
    own: dict[str, Any] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    queries: dict[str, dict[str, Any]] = field(default_factory=dict)


def estate_of(user: Any, media_root: Path, password: str) -> Estate:
    """One of everything, with results where there can be some, and one of each that still waits."""
    things = one_of_everything(user, media_root)
    series = Series.objects.create(user=user, symbol="FUZZ", timeframe="1d", source="csv", calendar="24/7")
    earlier = import_bars(series=series, bars=generate(replace(BARS, bars=600)))
    import_bars(series=series, bars=generate(BARS))
    strategy = StrategyService.create(user=user, name="Fuzzed", strategy_type="rsi", symbol="FUZZ")
    models = [_trained(user, series, name) for name in ("first", "second")]
    asked = {"user": user, "strategy": strategy, "series": series}
    axes = [dict(AXIS)]
    result, sweep = BacktestService.submit(**asked), SweepService.submit(**asked, axes=axes)
    _compute(result, run_backtest)
    _compute(sweep, run_sweep)
    things |= {"series": series, "strategy": strategy, "model": models[0]}
    things |= {"result": BacktestResult.objects.get(pk=result.pk), "sweep": Sweep.objects.get(pk=sweep.pk)}
    waiting = BacktestService.submit(**asked)
    spare = Series.objects.create(user=user, symbol="SPARE", timeframe="1d", source="csv", calendar="24/7")
    own = {
        "DELETE /api/market-data/series/{id}/": spare,
        "POST /api/jobs/{id}/cancel/": waiting.job,
        "POST /api/backtests/{id}/cancel/": waiting,
        "POST /api/sweeps/{id}/cancel/": SweepService.submit(**asked, axes=axes),
        "POST /api/market-data/imports/{id}/cancel/": submit_generation(owner=user, symbol="WAIT", spec=BARS),
    }
    estate = Estate(user, things, own)
    estate.bodies = _good_bodies(estate, password) | {
        "POST /api/market-data/imports/": {
            "upload": str(_upload(user, media_root).pk),
            "symbol": "BROUGHT",
            "timeframe": "1d",
        },
        "POST /api/market-data/series/{id}/restore/": {"sha256": earlier.sha256},
    }
    estate.queries = {
        "GET /api/ml-models/compare/": {"a": models[0].pk, "b": models[1].pk},
        "GET /api/market-data/": {"series": series.pk},
        "GET /api/sweeps/{id}/heatmap/": {"x": "period"},
    }
    return estate


def _trained(user: Any, series: Series, name: str) -> MLModel:
    model = MLModelService.submit_training(
        user=user, series=series, name=name, algorithm="logistic_regression", **QUICK
    )
    assert model.job.claim("fuzz:1")
    model.job.refresh_from_db()
    run(model.job)
    model.refresh_from_db()
    assert model.status == Job.State.SUCCEEDED, model.job.error_detail
    return model


def _compute(row: BacktestResult | Sweep, task: Any) -> None:
    """Without the runner around it, which would leave the transaction."""
    job = Job.objects.get(pk=row.job_id)
    assert job.claim("fuzz:1")
    job.succeed(task(JobContext(job)), {"queue_seconds": 0.01})


def _upload(user: Any, media_root: Path) -> Upload:
    rows = [f"2024-01-{day:02},{day},{day + 2},{day - 1},{day + 1},500" for day in range(2, 28)]
    content = "\n".join(["date,open,high,low,close,volume", *rows, ""])
    (media_root / "uploads" / "good.csv").write_text(content)
    return Upload.objects.create(user=user, name="good.csv", path="uploads/good.csv", size=len(content))


def _good_bodies(estate: Estate, password: str) -> dict[str, dict[str, Any]]:
    """For what takes many fields, a request that is accepted: changed a little, it comes further than one by chance."""
    strategy, series = estate.things["strategy"].pk, estate.things["series"].pk
    asked = {"strategy": strategy, "series": series, **DATES}
    return {
        "POST /api/backtests/run/": asked,
        "POST /api/sweeps/": {**asked, "axes": [AXIS]},
        "POST /api/sweeps/count/": {**asked, "axes": [AXIS]},
        "POST /api/strategies/preview/": {"strategy_type": "rsi", "symbol": "FUZZ", "timeframe": "1d"},
        "POST /api/strategies/": {"name": "one", "strategy_type": "rsi", "symbol": "FUZZ"},
        "PUT /api/strategies/{id}/": {"name": "two", "strategy_type": "rsi", "symbol": "FUZZ"},
        "PATCH /api/strategies/{id}/": {"parameters": {"period": 9}},
        "PATCH /api/ml-models/{id}/": {"note": "of use"},
        "POST /api/ml-models/train/": {"name": "m", "series": series, "algorithm": "logistic_regression"},
        "POST /api/ml-models/foresee/": {"series": series, "algorithm": "logistic_regression"},
        "POST /api/market-data/synthetic/": {"symbol": "MADE", "timeframe": "1d"},
        "POST /api/market-data/fetches/": {
            "provider": "synthetic",
            "provider_symbol": "GBM",
            "timeframe": "1d",
        },
        "POST /api/market-data/feeds/": {"series": series, "provider": "synthetic", "symbol": "GBM"},
        "POST /api/market-data/series/{id}/resample/": {"timeframe": "1w"},
        "POST /api/market-data/series/{id}/adjust-splits/": {"splits": [{"time": "2024-03-01", "ratio": 2}]},
        "POST /api/auth/register/": {
            "username": "eve",
            "email": "eve@example.com",
            "password": "a-fine-one-17",
        },
        "POST /api/auth/login/": {"username": estate.user.username, "password": password},
        "POST /api/auth/refresh/": {"refresh": str(tokens.issue(estate.user).refresh)},
        "POST /api/auth/password/": {"current_password": password, "new_password": "another-fine-one-18"},
        "DELETE /api/auth/me/": {"current_password": password},
    }

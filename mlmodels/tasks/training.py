"""Training in a job's own process. Imported there only: it brings scikit-learn and XGBoost."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from django.utils.translation import gettext as _

from algotrade.checkpoints import fingerprint_of
from algotrade.jobs.context import JobContext
from marketdata.bars import Bars, utc_datetime
from marketdata.services import open_snapshot
from mlmodels import artifacts, store
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import ModelNotFound
from mlmodels.models import MLModel
from mlmodels.trading import simulator
from mlmodels.training import MLPredictor
from mlmodels.trials import record_trials, trials_of


def train_model(context: JobContext) -> Callable[[], None]:
    """Train, report and store the model that the payload names."""
    model = (
        MLModel.objects.filter(pk=context.payload["model_id"], user=context.owner_id)
        .select_related("user", "series", "snapshot__series")
        .first()
    )
    if model is None:
        raise ModelNotFound(_("The model was deleted before its training began."))
    context.progress(0.0, _("Loading bars"))
    bars = open_snapshot(model.snapshot, model.start_date, model.end_date)
    predictor = MLPredictor.from_configuration(TrainingConfiguration.from_dict(model.configuration))
    predictor.train(
        bars,
        context.progress,
        data_sha256=model.snapshot.sha256,
        simulator=simulator(),
        periods_per_year=model.series.periods_per_year,
        checkpoints=context.checkpoints(
            fingerprint_of(
                data=model.snapshot.sha256,
                start=str(model.start_date),
                end=str(model.end_date),
                configuration=predictor.configuration.to_dict(),
            )
        ),
    )
    context.check()
    path, sha256 = artifacts.save(predictor.trained, store.directory(), str(model.pk))
    return lambda: _record(model, predictor, bars, path, sha256)


def _record(model: MLModel, predictor: MLPredictor, bars: Bars, path: Path, sha256: str) -> None:
    """Keep what was found, and count in the ledger what was tried; in the transaction that ends the job."""
    report = predictor.trained_report
    first, metrics = report.record.first_prediction, report.to_dict()
    trading = metrics["trading"] or {}
    model.record_training(
        bar_count=len(bars),
        first_time=utc_datetime(bars.time[0]),
        last_time=utc_datetime(bars.time[-1]),
        first_prediction=None if first is None else utc_datetime(first),
        accuracy=report.overall.accuracy,
        accuracy_error=report.overall.accuracy_error,
        base_rate=report.overall.base_rate,
        log_loss=report.overall.log_loss,
        auc=report.overall.auc,
        net_return=trading.get("net_return"),
        sharpe_ratio=trading.get("sharpe"),
        verdict=report.overall.verdict,
        metrics=metrics,
        feature_importance=[asdict(row) for row in report.importance],
        provenance=dict(predictor.trained.provenance),
        artifact_path=store.relative(path),
        artifact_sha256=sha256,
        artifact_size=path.stat().st_size,
    )
    tried = trials_of(metrics, model.series.periods_per_year)
    record_trials(user=model.user, series=model.series, count=tried.count, sharpes=tried.sharpes)

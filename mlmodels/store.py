"""Where artifacts lie, and opening the model of a row. Light until a model is really opened."""

from __future__ import annotations

import contextlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from mlmodels.errors import ArtifactDamaged, ModelNotFound, ModelNotReady
from mlmodels.models import MLModel
from mlmodels.prediction import TrainingRecord
from mlmodels.records import load_record

if TYPE_CHECKING:
    from mlmodels.prediction import TrainedModel

FOLDER = "models"
KEPT_OPEN = 4


def directory() -> Path:
    """The folder of all artifacts; the first model stored makes it."""
    return Path(settings.MEDIA_ROOT) / FOLDER


def relative(path: Path) -> str:
    """The path as rows keep it, so that the storage may move."""
    return path.relative_to(settings.MEDIA_ROOT).as_posix()


def path_of(model: MLModel) -> Path:
    """Where a row's artifact lies; ArtifactDamaged if it names none, or one outside of the folder."""
    path = (Path(settings.MEDIA_ROOT) / model.artifact_path).resolve()
    if not model.artifact_path or directory().resolve() not in path.parents:
        raise ArtifactDamaged(_("The model names no stored file. Train it again."))
    return path


def open_model(pk: int) -> TrainedModel:
    """Return the trained model of a row, its file verified. For job processes: it imports scikit-learn and XGBoost."""
    model = MLModel.objects.filter(pk=pk).first()
    if model is None:
        raise ModelNotFound(
            _("The model %(pk)d was deleted. Choose another one in the strategy.") % {"pk": pk}
        )
    require_trained(model)
    path = path_of(model)
    return _open(path, model.artifact_sha256, _mark(path))


def open_record(model: MLModel) -> TrainingRecord:
    """Return the out-of-fold record of a trained model; light enough for a web process."""
    require_trained(model)
    return load_record(path_of(model), model.artifact_sha256)


def require_trained(model: MLModel) -> None:
    """Raise ModelNotReady unless the model's training has ended well."""
    if not model.is_succeeded:
        raise ModelNotReady(
            _("The model “%(name)s” cannot predict: its training is %(state)s.")
            % {"name": model, "state": model.get_status_display()}
        )


def remove_files(pk: int) -> None:
    """Delete what trainings of this row have written."""
    for path in directory().glob(f"{pk}-*.model.zip"):
        with contextlib.suppress(OSError):
            path.unlink()


def _mark(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written again; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=KEPT_OPEN)
def _open(path: Path, sha256: str, mark: tuple[int, int] | None) -> TrainedModel:
    # Imported here for its weight: a web process names this module but never opens a model.
    from mlmodels import artifacts

    return artifacts.load(path, sha256)

"""Which models belong to users: their reports as rows, and their files as they lie on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.belongings import Belonging, ExportFile, pieces_of, register_belonging, unreadable
from algotrade.errors import LabError
from mlmodels import store
from mlmodels.downloads import file_name
from mlmodels.models import MLModel
from mlmodels.records import verify


def declare() -> None:
    """Make known what belongs to users; called once, when the app is ready."""
    register_belonging(Belonging("mlmodels.MLModel", "models", counted=True, files=f"{__name__}.model_files"))


def model_files(user: Any) -> Iterator[ExportFile]:
    """The file of each trained model, verified."""
    for model in MLModel.objects.for_user(user).succeeded().order_by("pk"):
        name = f"models/{model.pk}-{file_name(model)}"
        try:
            path = store.path_of(model)
            verify(path, model.artifact_sha256)
        except LabError as error:
            yield unreadable(name, error)
            continue
        yield name, pieces_of(path)

"""A model's file handed out, verified before its first byte leaves."""

import base64
import re
from pathlib import Path
from typing import BinaryIO

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from algotrade.downloads import download
from mlmodels import store
from mlmodels.errors import ArtifactDamaged
from mlmodels.models import MLModel
from mlmodels.records import verify

CONTENT_TYPE = "application/zip"


def artifact_response(model: MLModel) -> StreamingHttpResponse:
    """Return the file as a download with its size and its checksum (RFC 9530), which the receiver may check again.

    Raises ModelNotReady before the training ends, ArtifactDamaged for a file that is missing or was altered.
    """
    store.require_trained(model)
    path = store.path_of(model)
    verify(path, model.artifact_sha256)
    response = download(
        _opened(path), name=file_name(model), size=path.stat().st_size, content_type=CONTENT_TYPE
    )
    response["ETag"] = f'"{model.artifact_sha256}"'
    digest = base64.b64encode(bytes.fromhex(model.artifact_sha256)).decode()
    response["Repr-Digest"] = f"sha-256=:{digest}:"
    return response


def file_name(model: MLModel) -> str:
    """The model's name and version in letters that every file system takes."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", model.name).strip("-.") or "model"
    return f"{stem[:60]}-v{model.version}.model.zip"


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:  # deleted in this very moment
        raise ArtifactDamaged(_("The stored model's file is missing. Train it again.")) from error

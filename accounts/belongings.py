"""What users own, told by the apps that keep it: how it is copied out, and how it is removed with the account.

An app registers each of its models once, when it is ready; those that others refer to first. A copy follows that
order, a removal goes backwards. A test asks that no model which refers to a user is missing here.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.module_loading import import_string

from algotrade.errors import LabError

AT_ONCE = 20
"""How many rows are read, or removed in one transaction, at a time: a result holds long curves."""
PIECE_BYTES = 1024 * 1024
ExportFile = tuple[str, Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Belonging:
    """One model whose rows belong to users.

    Parameters
    ----------
    model : str
        Its label, "app.Model".
    name : str
        Name of its file in a copy, without ending; empty leaves the rows out.
    owner : str
        The way from a row to its user, "series__user" for what belongs to something that belongs to somebody.
    counted : bool
        Whether a person would count it: it is then named when the account is deleted.
    hidden : tuple of str
        Columns that are nobody's business, such as hashes of secrets.
    files : str
        Dotted path of a function of the user that yields further files: name, pieces of bytes. It runs in a job.
    forget : str
        Dotted path of a function of the user's number and a moment of `time.monotonic` that removes rows in short
        transactions until then, and says whether none is left. Empty: rows are deleted, `AT_ONCE` at a time.
    goes_along : bool
        The rows are deleted together with what they belong to.
    """

    model: str
    name: str
    owner: str = "user"
    counted: bool = False
    hidden: tuple[str, ...] = ()
    files: str = ""
    forget: str = ""
    goes_along: bool = False

    @property
    def model_class(self) -> type[models.Model]:
        return apps.get_model(self.model)

    @property
    def label(self) -> str:
        return str(self.model_class._meta.verbose_name_plural)

    def rows_of(self, user_id: int) -> models.QuerySet:
        """The user's rows, whatever the app's own manager shows of them."""
        return self.model_class._base_manager.filter(**{self.owner: user_id})

    def json_of(self, user_id: int) -> Iterator[bytes]:
        """The rows as one JSON list, in pieces."""
        fields = [f for f in self.model_class._meta.concrete_fields if f.attname not in self.hidden]
        opening = b"["
        for row in in_pages(self.rows_of(user_id)):
            values = {field.attname: field.value_from_object(row) for field in fields}
            yield opening + b"\n" + json.dumps(values, cls=Encoder, ensure_ascii=False).encode()
            opening = b","
        yield b"\n]\n" if opening == b"," else b"[]\n"

    def files_of(self, user: Any) -> Iterator[ExportFile]:
        """Everything of one kind that goes into a copy."""
        if self.name:
            yield f"{self.name}.json", self.json_of(user.pk)
        if self.files:
            yield from import_string(self.files)(user)

    def forget_of(self, user_id: int, until: float) -> bool:
        """Remove the user's rows in short transactions; False when time has run out before the last."""
        if self.goes_along:
            return True
        if self.forget:
            forget: Callable[[int, float], bool] = import_string(self.forget)
            return forget(user_id, until)
        return delete_by_and_by(self.rows_of(user_id), until)


class Encoder(DjangoJSONEncoder):
    """Files and bytes by their text too: a copy never fails because of the kind of a value."""

    def default(self, value: Any) -> Any:
        try:
            return super().default(value)
        except TypeError:
            return str(value)


_registered: dict[str, Belonging] = {}


def register_belonging(belonging: Belonging) -> None:
    """Make known what belongs to users. A second one of the same model is a programming error."""
    if belonging.model in _registered:
        raise ValueError(f"What users own of {belonging.model!r} is registered twice.")
    _registered[belonging.model] = belonging


def belongings() -> tuple[Belonging, ...]:
    """All of them, those that others refer to first."""
    return tuple(_registered.values())


def counts_of(user: Any) -> list[tuple[str, int]]:
    """How many of each kind the user has, by the words for it; kinds without any are left out."""
    counted = [(each.label, each.rows_of(user.pk).count()) for each in belongings() if each.counted]
    return [(label, count) for label, count in counted if count]


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file of the lab's for a copy, piece by piece."""
    with path.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def unreadable(name: str, error: LabError) -> ExportFile:
    """What stands in a copy where this could not be read: why, instead of the end of the copy."""
    return f"{name}.error.txt", [error.detail.encode()]


def in_pages(rows: models.QuerySet) -> Iterator[models.Model]:
    """Each row, read `AT_ONCE` at a time, so that neither memory nor a cursor is held for all of them."""
    last = None
    while True:
        later = rows if last is None else rows.filter(pk__gt=last)
        page = list(later.order_by("pk")[:AT_ONCE])
        yield from page
        if len(page) < AT_ONCE:
            return
        last = page[-1].pk


def delete_by_and_by(rows: models.QuerySet, until: float) -> bool:
    """Delete rows in short transactions until a moment of `time.monotonic`; whether none is left."""
    while chosen := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        if time.monotonic() > until:
            return False
        rows.model._base_manager.filter(pk__in=chosen).delete()
    return True

"""The kinds of long work, registered by the apps that own them.

A kind names its handler by a dotted path, because handlers import the heavy numerical packages: only a job's own
process resolves it. `on_state` is light and runs inside the transaction of every change of state, wherever that
happens, so that a row which mirrors the job's state can never disagree with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from algotrade.jobs.errors import UnknownKind

if TYPE_CHECKING:
    from algotrade.jobs.context import JobContext
    from algotrade.jobs.models import Job

Handler = Callable[["JobContext"], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of work: its name ("app.verb"), words, handler and longest run in seconds.

    `preload` has each job process import the handler before it takes work; without it the first job of the kind
    waits for the import. `cancel_grace` is how many seconds a cancelled job may take to stop by itself before its
    process is ended; a process that was ended has to start anew, so give more than a job needs to notice. Of a kind
    with `one_per_owner` an owner's next job waits until their last one has ended, so that hours of work leave a place
    to others. Each job of a `long` kind may take an hour: a pool of several places keeps its first one free of them.
    Of another kind a single job may be long, which whoever submits it says.
    """

    name: str
    label: str | Promise
    handler: str
    on_state: Callable[["Job"], None] | None = None
    time_limit: int = 600
    preload: bool = True
    cancel_grace: float = 2.0
    one_per_owner: bool = False
    long: bool = False

    def resolve(self) -> Handler:
        """The handler itself; imports what it needs, so call it in a job's process only."""
        if not self.handler:
            raise _unknown(self.name)
        handler: Handler = import_string(self.handler)
        return handler


_kinds: dict[str, JobKind] = {}


def register_kind(kind: JobKind) -> None:
    """Make a kind known. A second kind of the same name is a programming error."""
    if kind.name in _kinds:
        raise ValueError(f"The job kind {kind.name!r} is registered twice.")
    _kinds[kind.name] = kind


def get_kind(name: str) -> JobKind:
    """The kind of new work; `UnknownKind` lists those that there are."""
    try:
        return _kinds[name]
    except KeyError:
        raise _unknown(name) from None


def kind_of_row(name: str) -> JobKind:
    """The kind of stored work. One that no app registers any more has its name for a label, and fails when it runs."""
    return _kinds.get(name) or JobKind(name=name, label=name, handler="")


def kinds() -> tuple[JobKind, ...]:
    return tuple(_kinds[name] for name in sorted(_kinds))


def _unknown(name: str) -> UnknownKind:
    return UnknownKind(f"No job kind is named {name!r}; there are: {', '.join(sorted(_kinds))}.")

"""What to do about a job that failed, by its error code: one registry, so that pages, API and admin say the same.

`error_detail` tells what happened to this job; the advice tells what usually helps. Apps register theirs when they are
ready (`<app>/advice.py`); a test finds every code that can end a job and fails for one without advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Advice:
    """What helps, and whether the same work may succeed when it is tried again as it is."""

    text: Words
    again: bool = False


_advice: dict[str, Advice] = {}

UNKNOWN = Advice(
    _("Try again. If it fails in the same way, give the job's number to whoever runs the lab."), again=True
)


def register_advice(entries: Mapping[str, Advice]) -> None:
    """Say what to do about these codes. Two apps that advise about one code are a programming error."""
    for code, advice in entries.items():
        if _advice.setdefault(code, advice) != advice:
            raise ValueError(f"The error code {code!r} is given advice twice.")


def advice_for(code: str) -> Advice | None:
    """What to do about this code; None where nothing failed."""
    return _advice.get(code, UNKNOWN) if code else None


def advised_codes() -> frozenset[str]:
    return frozenset(_advice)


register_advice(
    {
        "worker_lost": Advice(
            _(
                "The process that did this ended several times without an answer, most often for want of memory. "
                "Try it with less data: a shorter period, a coarser timeframe, fewer combinations. If that fails "
                "too, whoever runs the lab finds the reason in the worker's log."
            )
        ),
        "out_of_memory": Advice(
            _(
                "Choose less data: a shorter period, a coarser timeframe, fewer combinations or features. Whoever "
                "runs the lab can give each job more memory (JOB_MEMORY_LIMIT_MB)."
            )
        ),
        "deadline_exceeded": Advice(
            _("Split the work: a shorter period, a coarser timeframe, fewer combinations, folds or trials.")
        ),
        "queue_timeout": Advice(
            _("Nobody worked for a day. Ask whoever runs the lab to start a worker, then try again."),
            again=True,
        ),
        "storage_failed": Advice(
            _(
                "Nothing was changed. The disk is full or out of reach: ask whoever runs the lab to look at it, then "
                "try again."
            ),
            again=True,
        ),
        "internal_error": Advice(
            _(
                "Nothing was changed. This is a defect of the lab: give the job's number to whoever runs it, who "
                "finds the reason in the log. Trying again helps only if something has changed meanwhile."
            ),
            again=True,
        ),
        "job_kind_unknown": Advice(
            _(
                "This kind of work is not installed any more. If it came from a plug-in, ask whoever runs the lab "
                "to load it again (LAB_PLUGINS)."
            ),
            again=True,
        ),
        "queue_full": Advice(_("Wait until some of your jobs have ended, or cancel some."), again=True),
        "limit_exceeded": Advice(
            _("Wait until some of your work has ended, or ask for less at once."), again=True
        ),
        "over_limit": Advice(_("Ask for less at once: the message names the limit.")),
        "database_unavailable": Advice(
            _("The database did not answer; nothing was changed. Try again in a few minutes."),
            again=True,
        ),
        "too_large": Advice(_("Ask for less at once: what is too large stands in the message.")),
        "unavailable": Advice(
            _("Something the job needs did not answer. Try again in a few minutes."), again=True
        ),
        "conflict": Advice(
            _("Something changed while the job waited. Look at what it was about, then ask again.")
        ),
        "not_found": Advice(_("What the job was about is gone. Choose another one and ask again.")),
        "invalid": Advice(_("Change what the message names, and ask again.")),
        "error": UNKNOWN,
    }
)

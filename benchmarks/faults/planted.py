"""The defects that can be planted: what each takes away, and the faults under which that shows.

The functions of the same names in `defects.py` do it, inside the processes of a lab.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """One promise taken away. `rules` of the count, any of which must be broken; without faults, in peace already."""

    words: str
    rules: tuple[str, ...]
    faults: tuple[str, ...] = ()


DEFECTS = {
    "no_fence": Defect(
        "writes name no fence",
        ("an ended job rests", "each job ends once", "the state machine", "one result", "seq grows"),
        ("child_frozen",),
    ),
    "no_sweeper": Defect("nobody sweeps", ("each job ends", "failures are explained"), ("child_stopped",)),
    "no_lease": Defect(
        "a lease that never ends", ("each job ends", "failures are explained"), ("child_stopped",)
    ),
    "heartbeat_never_extends": Defect("the heartbeat extends nothing", ("one attempt suffices in peace",)),
    "claim_without_condition": Defect(
        "a claim without condition",
        ("one claim at a time", "each job ends once", "the state machine"),
        ("messages_doubled",),
    ),
    "result_apart_from_end": Defect(
        "the end before the result", ("result and end are one",), ("child_killed",)
    ),
    "result_before_end": Defect("the result before the end", ("result and end are one",), ("child_killed",)),
    "late_acknowledgement": Defect(
        "acknowledged late, delivered for ever", ("at most three attempts",), ("crash",)
    ),
    "quota_counted_first": Defect(
        "the quota counted, then the job inserted", ("no queue over its limit",), ("many_runs",)
    ),
    "progress_goes_back": Defect("progress as the work tells it", ("progress never falls",)),
    "cancel_ignored": Defect(
        "a cancel that nobody reads", ("a cancelled job does not succeed",), ("cancelled",)
    ),
    "message_is_the_queue": Defect("a lost message is a lost job", ("each job ends",)),
    "submission_needs_the_broker": Defect(
        "no broker, no submission", ("no broker is needed to submit",), ("broker_down_at_commit",)
    ),
    "no_deadline": Defect(
        "no deadline", ("each job ends", "each attempt ends by its deadline"), ("endless",)
    ),
    "no_memory_limit": Defect("no limit of memory", ("poison fails",), ("memory_bomb",)),
    "sockets_never_look": Defect(
        "sockets hear their room only", ("every open socket sees the end",), ("redis_flushed",)
    ),
    "news_to_jobs_alone": Defect(
        "events go to the job's room only",
        ("the room of a user hears each end", "the room of a user hears the news"),
    ),
    "edited_while_it_runs": Defect(
        "a run reads the edited strategy",
        ("results are those of a lab without faults",),
        ("strategy_edited",),
    ),
}

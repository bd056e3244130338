"""The defects that can be planted: what each takes away, and the faults under which that shows.

The functions of the same names in `defects.py` do it, inside the processes of a lab.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """One promise of the job system taken away. Without faults, work in peace shows it."""

    words: str
    faults: tuple[str, ...] = ()


DEFECTS = {
    "no_fence": Defect("writes name no fence", ("child_frozen",)),
    "no_sweeper": Defect("nobody sweeps", ("child_stopped",)),
    "no_lease": Defect("a lease that never ends", ("child_stopped",)),
    "heartbeat_never_extends": Defect("the heartbeat extends nothing"),
    "claim_without_condition": Defect("a claim without condition", ("messages_doubled",)),
    "result_apart_from_end": Defect("the end before the result", ("child_killed",)),
    "result_before_end": Defect("the result before the end", ("child_killed",)),
    "late_acknowledgement": Defect("acknowledged late, delivered for ever", ("crash",)),
    "quota_counted_first": Defect("the quota counted, then the job inserted", ("many_runs",)),
    "progress_goes_back": Defect("progress as the work tells it"),
    "cancel_ignored": Defect("a cancel that nobody reads", ("cancelled",)),
    "message_is_the_queue": Defect("a lost message is a lost job"),
    "submission_needs_the_broker": Defect("no broker, no submission", ("broker_down_at_commit",)),
    "no_deadline": Defect("no deadline", ("endless",)),
    "no_memory_limit": Defect("no limit of memory", ("memory_bomb",)),
    "sockets_never_look": Defect("sockets hear their room only", ("redis_flushed",)),
    "edited_while_it_runs": Defect("a run reads the edited strategy", ("strategy_edited",)),
}

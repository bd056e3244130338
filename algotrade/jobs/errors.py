"""What can go wrong with long work."""

from algotrade.errors import Conflict, InvalidInput, LabError, LimitExceeded


class JobError(LabError):
    """Root of what can go wrong with jobs."""

    code = "job_error"


class UnknownKind(JobError, InvalidInput):
    """No app has registered this kind of work."""

    code = "job_kind_unknown"


class QueueFull(JobError, LimitExceeded):
    """The user has as many jobs waiting as the setting allows."""

    code = "queue_full"


class AlreadyEnded(JobError, Conflict):
    """The job is in a terminal state."""

    code = "job_ended"


class LeaseLost(Exception):
    """Another worker owns the job now, or it has ended: whatever this worker still does must not be written."""


class JobCancelled(Exception):
    """The job was asked to stop; handlers let this pass through."""

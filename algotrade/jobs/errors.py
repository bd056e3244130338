"""What can go wrong with long work."""

from algotrade.errors import Conflict, InvalidInput, LimitExceeded


class JobError(InvalidInput):
    """Root of the errors about jobs."""

    code = "job_invalid"


class UnknownKind(JobError):
    """No app has registered this kind of work."""

    code = "job_kind_unknown"


class QueueFull(LimitExceeded):
    """The user has as many jobs waiting as the setting allows."""

    code = "queue_full"


class AlreadyEnded(Conflict):
    """The job is in a terminal state."""

    code = "job_ended"


class LeaseLost(Exception):
    """Another worker owns the job now, or it has ended: whatever this worker still does must not be written."""


class JobCancelled(Exception):
    """The job was asked to stop; handlers let this pass through."""

"""What can go wrong with the audit log."""

from algotrade.errors import LabError, NotAllowed


class AuditError(LabError):
    """Root of what can go wrong with the audit log."""

    code = "audit_error"


class AppendOnly(AuditError, NotAllowed):
    """Somebody tried to change or remove what was recorded."""

    code = "audit_append_only"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            detail
            or "The audit log is only added to. Old entries are removed with `manage.py prune_audit --days N`."
        )

"""What the admin pages of the apps share."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin

STATE_COLOURS = {
    "queued": "info",
    "running": "warning",
    "succeeded": "success",
    "failed": "danger",
    "cancelled": "default",
}


class RecordAdmin(ModelAdmin):
    """Rows that the lab writes itself: staff look at them and may delete them, but neither add nor change any."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(RecordAdmin):
    """Rows that staff do not delete either, because other rows count on them."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

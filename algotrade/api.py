"""The API's frame: one error shape, one pagination and ordering, the only place where an error meets an HTTP status."""

from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ProtectedError, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from algotrade.errors import (
    Conflict,
    InvalidInput,
    LabError,
    LimitExceeded,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OverLimit,
    TooLarge,
    Unavailable,
)
from algotrade.ordering import nulls_last

STATUS: dict[type[LabError], int] = {
    NotSignedIn: status.HTTP_401_UNAUTHORIZED,
    NotAllowed: status.HTTP_403_FORBIDDEN,
    NotFound: status.HTTP_404_NOT_FOUND,
    Conflict: status.HTTP_409_CONFLICT,
    TooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    OverLimit: status.HTTP_422_UNPROCESSABLE_ENTITY,
    LimitExceeded: status.HTTP_429_TOO_MANY_REQUESTS,
    Unavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
    InvalidInput: status.HTTP_400_BAD_REQUEST,
}


MOST_MESSAGES = 50
LONGEST_MESSAGE = 1_000


class Pagination(PageNumberPagination):
    """`?page=` and `?page_size=` up to 200 rows."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 200
    invalid_page_message = _("There is no such page: pages count from 1 and end with the last row.")


class NullsLastOrdering(OrderingFilter):
    """`?ordering=-sharpe_ratio`: rows without the value come last, and equal ones in a fixed order."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        ordering = self.get_ordering(request, queryset, view)
        if not ordering:
            return queryset
        return queryset.order_by(*(nulls_last(queryset.model, key) for key in ordering), "-pk")


def status_of(error: LabError) -> int:
    """The HTTP status of an error the product raised on purpose."""
    for kind, code in STATUS.items():
        if isinstance(error, kind):
            return code
    return status.HTTP_400_BAD_REQUEST


def error_body(error: LabError) -> dict[str, Any]:
    return {"code": error.code, "detail": error.detail, "fields": error.fields}


def error_headers(error: LabError) -> dict[str, str]:
    """What HTTP wants beside the body: how to sign in, or when to come back."""
    headers = {}
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if retry_after := getattr(error, "retry_after", 0):
        headers["Retry-After"] = str(retry_after)
    return headers


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal in the one shape `{"code", "detail", "fields"}`."""
    if isinstance(error, LabError):
        set_rollback()
        return Response(error_body(error), status=status_of(error), headers=error_headers(error))
    if isinstance(error, ProtectedError):
        error = exceptions.APIException("Other objects still use this one: delete them first.", "in_use")
        error.status_code = status.HTTP_409_CONFLICT
    elif isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, ValidationError):
        error = exceptions.ValidationError(
            error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
        )
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)
    fields = _listed(_flatten(error.detail)) if isinstance(error, exceptions.ValidationError) else {}
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "invalid" if fields else error.default_code
    return Response(
        {"code": code, "detail": _sentence(error, fields), "fields": fields},
        status=error.status_code,
        headers=headers,
    )


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for name, value in detail.items():
            flat.update(_flatten(value, f"{prefix}.{name}" if prefix else str(name)))
        return flat
    if isinstance(detail, list):
        if all(isinstance(item, str) for item in detail):
            return {prefix or "non_field_errors": [str(item) for item in detail]}
        flat = {}
        for position, item in enumerate(detail):
            if item:
                flat.update(_flatten(item, f"{prefix}.{position}" if prefix else str(position)))
        return flat
    return {prefix or "non_field_errors": [str(detail)]}


def _listed(fields: dict[str, list[str]]) -> dict[str, list[str]]:
    """The first of many messages: a refusal is read by somebody, and is not as long as what was sent."""
    return {
        name: [message[:LONGEST_MESSAGE] for message in messages[:MOST_MESSAGES]]
        for name, messages in islice(fields.items(), MOST_MESSAGES)
    }


def _sentence(error: exceptions.APIException, fields: dict[str, list[str]]) -> str:
    if fields:
        name, messages = next(iter(fields.items()))
        return messages[0] if name == "non_field_errors" else f"{name}: {messages[0]}"
    detail = error.detail
    if isinstance(detail, dict):
        return str(detail.get("detail", error.default_detail))
    return str(detail)


ERROR_SCHEMA = {
    "type": "object",
    "description": "Every refusal: a stable code, a sentence with the remedy, and messages by field.",
    "properties": {
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "required": ["code", "detail", "fields"],
}
REFUSALS = {
    "400": "The input cannot be used; the fields say why.",
    "401": "No valid token or session.",
    "403": "Signed in, but not allowed.",
    "404": "No such object, or not yours.",
    "409": "The object's state forbids this.",
    "413": "Larger than the stated limit.",
    "415": "This content type is not read here.",
    "422": "More is asked for at once than a stated limit allows; the fields say which and what to do.",
    "429": "Too many requests or a quota is used up.",
    "503": "A service that is needed does not answer.",
}


def document_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Schema hook: each operation lists the refusals it can give, in the one shape."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR_SCHEMA
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            if method not in {"get", "post", "put", "patch", "delete"}:
                continue
            for code, description in REFUSALS.items():
                if method == "get" and code in {"413", "415"}:
                    continue
                operation["responses"].setdefault(code, {"description": description, "content": body})
    return result

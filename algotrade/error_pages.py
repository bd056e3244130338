"""What is answered when no view could: words on a page, and the one error shape under /api/."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults

from algotrade.logging import request_id
from algotrade.reach import DATABASE_OUT_OF_REACH


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks: under /api/, or by its Accept header."""
    under_api = request.path == "/api" or request.path.startswith("/api/")
    return under_api or "application/json" in request.headers.get("Accept", "")


def refusal(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """The same refusal as JSON or as a page, whichever the asker reads."""
    if wants_json(request):
        return JsonResponse({"code": code, "detail": detail, "fields": {}}, status=status)
    return render(request, "error.html", {"status": status, "detail": detail}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return refusal(request, 413, "too_large", _("The request is larger than this server reads."))
    if wants_json(request):
        return refusal(request, 400, "bad_request", _("The server could not read this request."))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_json(request):
        return refusal(request, 403, "permission_denied", _("You may not do this."))
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_json(request):
        return refusal(request, 404, "not_found", _("There is nothing at this address: see /api/docs/."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if isinstance(sys.exc_info()[1], DATABASE_OUT_OF_REACH):
        return _database_busy(request)
    if wants_json(request):
        detail = _("An error of ours; it was recorded as %(id)s. Try again.") % {
            "id": request_id.get() or "?"
        }
        return refusal(request, 500, "internal_error", detail)
    return defaults.server_error(request)


def _database_busy(request: HttpRequest) -> HttpResponse:
    """Locked by a large import, restarting, on a full disk or gone: it passes, so the answer says when to come back."""
    if wants_json(request):
        detail = _("The database is busy or does not answer; nothing was changed. Try again in a moment.")
        response: HttpResponse = refusal(request, 503, "database_busy", detail)
    else:
        response = defaults.server_error(request)  # needs no database itself
        response.status_code = 503
    response["Retry-After"] = "10"
    return response

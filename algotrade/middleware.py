"""What every request passes: an identity for the logs, the boundary against hostile text, and the headers."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import unquote

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.request import UnreadablePostError
from django.shortcuts import render

from algotrade.api import error_body, error_headers, status_of
from algotrade.boundary import problem_in_json, problem_in_text
from algotrade.error_pages import refusal, wants_json
from algotrade.errors import LabError, NotFound
from algotrade.logging import request_id

GetResponse = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Takes the proxy's X-Request-ID or makes one; logs carry it and the answer returns it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identity = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(identity)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = identity
        return response


class ContentSecurityPolicyMiddleware:
    """Pages run only the project's own files.

    The admin's framework evaluates the expressions in its own templates and sets style attributes; no page of it runs a
    script that stands in the page. Its three style elements are known by their content (a test says when one changes).
    """

    # The one style sheet that Lightweight Charts injects, for its logo. It changes with the vendored version.
    CHART_STYLE = "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='"
    COMMON = (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    PAGES = f"{COMMON}; style-src 'self' {CHART_STYLE}"
    ADMIN_STYLES = (
        "'sha256-RAtVdUOaSWqOtgwJR9LvWPbA37Y3A/B35k+SNkgfyCs='",  # the colours of the settings
        "'sha256-+MEQ/O07HiRf96s+FyiSQj7xKrHjGPZWCed2MyGUBF4='",  # lists without actions
        "'sha256-bsV5JivYxvGywDAZ22EZJKBFip65Ng9xoJVLbBg7bdo='",  # htmx, for what waits for an answer
    )
    ADMIN = (
        f"{COMMON}; script-src 'self' 'unsafe-eval'; style-src 'self' {' '.join(ADMIN_STYLES)}; "
        "style-src-attr 'unsafe-inline'"
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = self.ADMIN if request.path.startswith("/admin/") else self.PAGES
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


class InputBoundaryMiddleware:
    """Refuses text no field can hold, and JSON that is nested or sized without reason."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Left out rather than refused: nobody could get rid of such a cookie on a page that only says so.
        request.COOKIES = {
            name: value for name, value in request.COOKIES.items() if not problem_in_text(name + value)
        }
        try:
            problem = self.problem_with(request)
        except RequestDataTooBig:
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
            return refusal(request, 413, "too_large", f"The request is larger than {limit} KB: send less.")
        except (TooManyFieldsSent, UnreadablePostError):
            problem = "The request has too many fields, or broke off: send it again with fewer."
        if problem:
            return refusal(request, 400, "malformed_input", problem)
        return self.get_response(request)

    @classmethod
    def problem_with(cls, request: HttpRequest) -> str:
        target = unquote(f"{request.path}?{request.META.get('QUERY_STRING', '')}", errors="surrogateescape")
        if problem_in_text(target):
            return "The address holds a NUL character or bytes that are not UTF-8: remove them."
        kind = request.content_type
        if request.method in {"GET", "HEAD", "OPTIONS"} or kind == "multipart/form-data":
            return ""  # the parts of a multipart body are checked where they are parsed
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return "Content-Length is not a number."
        if kind == "application/x-www-form-urlencoded":
            words = [word for key, values in request.POST.lists() for word in (key, *values)]
            return next(filter(None, map(problem_in_text, words)), "")
        if kind == "application/json" and int(length):
            if request.content_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
                return "JSON is read as UTF-8 only: leave out the charset."
            return problem_in_json(request.body)
        return ""


class ApiTrailingSlashMiddleware:
    """Under /api/ the trailing slash is optional, for every method."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)


class LabErrorMiddleware:
    """An error raised on purpose becomes words on a page (or JSON under /api/), never a 500."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, LabError):
            return None
        status = status_of(exception)
        headers = error_headers(exception)
        if wants_json(request):
            return JsonResponse(error_body(exception), status=status, headers=headers)
        back = request.headers.get("Referer", "")
        own = back.startswith(f"{request.scheme}://{request.get_host()}/")
        if request.method == "POST" and own and not isinstance(exception, NotFound):
            messages.error(request, exception.detail)
            return HttpResponseRedirect(back)
        response = render(
            request, "error.html", {"status": status, "detail": exception.detail}, status=status
        )
        if "Retry-After" in headers:
            response["Retry-After"] = headers["Retry-After"]
        return response

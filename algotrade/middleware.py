"""What every request passes: an identity for the logs, the boundary against hostile text, and the headers."""

import json
import re
import uuid
from collections.abc import Callable
from urllib.parse import unquote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from algotrade.api import error_body, status_of
from algotrade.errors import LabError, NotFound
from algotrade.logging import request_id

GetResponse = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
MAX_JSON_DEPTH = 64


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
    """Pages run only the project's own files. The admin's framework needs inline code, so it has its own rule."""

    # The one style sheet that Lightweight Charts injects, for its logo. It changes with the vendored version.
    CHART_STYLE = "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='"
    COMMON = (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    PAGES = f"{COMMON}; style-src 'self' {CHART_STYLE}"
    ADMIN = f"{COMMON}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = self.ADMIN if request.path.startswith("/admin/") else self.PAGES
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


class InputBoundaryMiddleware:
    """Refuses text no field can hold (NUL, lone surrogates) and JSON that is nested without reason."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        problem = self.problem_with(request)
        if problem:
            body = {"code": "malformed_input", "detail": problem, "fields": {}}
            return JsonResponse(body, status=400)
        return self.get_response(request)

    @classmethod
    def problem_with(cls, request: HttpRequest) -> str:
        target = unquote(f"{request.path}?{request.META.get('QUERY_STRING', '')}", errors="surrogateescape")
        if not _is_clean(target):
            return "The address holds a NUL character or bytes that are not UTF-8: remove them."
        kind = request.content_type
        if request.method in {"GET", "HEAD", "OPTIONS"} or kind == "multipart/form-data":
            return ""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit():
            return "Content-Length is not a number."
        if kind == "application/x-www-form-urlencoded":
            return cls._problem_with_text(request.POST.values())
        if kind == "application/json" and int(length):
            return cls._problem_with_json(request.body)
        return ""

    @staticmethod
    def _problem_with_text(values: object) -> str:
        clean = all(_is_clean(value) for value in values)  # type: ignore[attr-defined]
        return "" if clean else "A field holds a NUL character or a broken character: remove it."

    @staticmethod
    def _problem_with_json(body: bytes) -> str:
        depth = deepest = 0
        for byte in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body):
            if byte in b"[{":
                depth += 1
                deepest = max(deepest, depth)
            elif byte in b"]}":
                depth -= 1
        if deepest > MAX_JSON_DEPTH:
            return f"The JSON is nested {deepest} levels deep: at most {MAX_JSON_DEPTH} are read."
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return ""  # the parser that owns the request words this error
        return "" if _json_is_clean(value) else "The JSON holds a NUL or a broken character: remove it."


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
        if request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", ""):
            return JsonResponse(error_body(exception), status=status)
        back = request.headers.get("Referer", "")
        own = back.startswith(f"{request.scheme}://{request.get_host()}/")
        if request.method == "POST" and own and not isinstance(exception, NotFound):
            messages.error(request, exception.detail)
            return HttpResponseRedirect(back)
        return render(request, "error.html", {"status": status, "detail": exception.detail}, status=status)


def _is_clean(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _json_is_clean(value: object) -> bool:
    if isinstance(value, str):
        return _is_clean(value)
    if isinstance(value, dict):
        return all(_is_clean(key) and _json_is_clean(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_json_is_clean(item) for item in value)
    return True

"""Lets the audit log know the current request, and records downloads and what was done in the admin."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from algotrade.audit.actions import Action
from algotrade.audit.requests import NOTES, current_request
from algotrade.audit.services import record

GetResponse = Callable[[HttpRequest], HttpResponse]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
RECORDED_ELSEWHERE = frozenset({"login", "logout"})
MOST_NAMED = 50


class AuditMiddleware:
    """Stands behind the authentication, so that the request it makes known has its user."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = current_request.set(request)
        try:
            response = self.get_response(request)
            if _changed_in_admin(request, response):
                record(Action.ADMINISTERED, target_name=request.resolver_match.url_name, **_said(request))
            elif _hands_out_a_file(request, response):
                record(
                    Action.EXPORTED, target_name=_file_name(response), route=request.resolver_match.view_name
                )
        finally:
            current_request.reset(token)
        return response


def _changed_in_admin(request: HttpRequest, response: HttpResponse) -> bool:
    """A form that is shown again, or a question before a deletion, has changed nothing: those answer 200.

    So does a form in a window of its own, which did change something: there the admin's own note tells.
    """
    match = request.resolver_match
    return (
        request.method not in SAFE
        and match is not None
        and match.app_name == "admin"
        and match.url_name not in RECORDED_ELSEWHERE
        and (response.status_code in {301, 302, 303} or hasattr(request, NOTES))
        and request.user.is_authenticated
    )


def _hands_out_a_file(request: HttpRequest, response: HttpResponse) -> bool:
    """Whatever view it was: a download says that it is one."""
    return (
        response.status_code == 200
        and request.resolver_match is not None
        and response.get("Content-Disposition", "").startswith("attachment")
        and request.user.is_authenticated
    )


def _file_name(response: HttpResponse) -> str:
    return response["Content-Disposition"].partition("filename=")[2].strip('"')


def _said(request: HttpRequest) -> dict[str, Any]:
    """What was asked for: names of actions, numbers of rows and the admin's own words, never what was typed."""
    chosen = request.POST.getlist("_selected_action")
    said: dict[str, Any] = {}
    if action := request.POST.get("action", ""):
        said |= {"chosen_action": action, "rows": len(chosen), "numbers": chosen[:MOST_NAMED]}
    if object_id := request.resolver_match.kwargs.get("object_id"):
        said["number"] = object_id
    if notes := getattr(request, NOTES, []):
        said["notes"] = notes
    return said

"""Guessing passwords is slowed down: each attempt is counted before the password is looked at.

django-axes counts a failure after the password was checked, so guesses that arrive together are all checked. Here an
attempt takes one of the few places first, in one conditional UPDATE; a log-in that succeeds gives them back.
"""

import math
import time
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.exceptions import AxesBackendPermissionDenied, AxesBackendRequestParameterRequired
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username, get_cool_off, get_credentials, get_failure_limit
from axes.models import AccessAttempt
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import TooManyAttempts
from accounts.models import User
from algotrade.error_pages import refusal
from algotrade.throttling import CountingThrottle

PATIENCE_SECONDS = 3.0
ASK_AGAIN_SECONDS = 0.05
MOST_COUNTED = 1_000_000


def counted_name(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """Under which name an attempt counts: one per account, however its name or e-mail address is written."""
    typed = str((credentials or {}).get("username") or "").strip().lower()
    user = User.objects.named(typed)
    return (user.username.lower() if user else typed)[:255]


class CountFirstHandler(AxesDatabaseHandler):
    """Keeps axes' tables and commands, and counts before the check instead of after it.

    Each name and address has two rows, whatever the browser calls itself: the places that were taken, and how many of
    these have failed. The others are being looked at in this moment. Somebody who finds no place while that is so waits
    a little: when one of them succeeds, all places are free again.
    """

    TAKEN, FAILED = "", "failed"

    def take_attempt(self, request: HttpRequest, credentials: dict[str, Any]) -> int:
        """Take one of the places. Zero, or for how many seconds there is none."""
        until = time.monotonic() + PATIENCE_SECONDS
        while wait := self._take(request, credentials):
            if time.monotonic() >= until or not self._some_are_looked_at(request, credentials):
                return wait
            time.sleep(ASK_AGAIN_SECONDS)
        return 0

    def _take(self, request: HttpRequest, credentials: dict[str, Any]) -> int:
        window = get_cool_off(request)
        with transaction.atomic():
            self._rows(request, credentials).filter(attempt_time__lte=timezone.now() - window).delete()
            attempt = self._row(request, credentials, self.TAKEN)
            limit = get_failure_limit(request, credentials)
            if self._add_one(attempt, below=limit):
                return 0
        return max(1, math.ceil((attempt.attempt_time + window - timezone.now()).total_seconds()))

    def _some_are_looked_at(self, request: HttpRequest, credentials: dict[str, Any]) -> bool:
        failed = self._rows(request, credentials).filter(user_agent=self.FAILED).first()
        return failed is None or failed.failures_since_start < get_failure_limit(request, credentials)

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """An attempt that had a place was looked at, and failed."""
        if request is None or getattr(request, "axes_locked_out", False):
            return
        if getattr(request, "axes_place_taken", False):
            with transaction.atomic():
                self._add_one(self._row(request, credentials, self.FAILED))

    def _rows(self, request: HttpRequest, credentials: dict[str, Any]) -> QuerySet[AccessAttempt]:
        name = get_client_username(request, credentials)
        return AccessAttempt.objects.filter(username=name, ip_address=request.axes_ip_address)

    def _row(self, request: HttpRequest, credentials: dict[str, Any], which: str) -> AccessAttempt:
        row, _created = AccessAttempt.objects.get_or_create(
            username=get_client_username(request, credentials),
            ip_address=request.axes_ip_address,
            user_agent=which,
            defaults={"failures_since_start": 0, "path_info": request.axes_path_info},
        )
        return row

    def _add_one(self, row: AccessAttempt, below: int = MOST_COUNTED) -> bool:
        counted = AccessAttempt.objects.filter(pk=row.pk, failures_since_start__lt=below)
        return bool(
            counted.update(failures_since_start=F("failures_since_start") + 1, attempt_time=timezone.now())
        )


class LockoutBackend(AxesStandaloneBackend):
    """First of the log-in backends: refuses when too many attempts have failed, right password or not."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> None:
        if request is None:
            raise AxesBackendRequestParameterRequired("authenticate() needs the request, to count by address")
        if not username or password is None:
            return
        AxesProxyHandler.update_request(request)
        credentials = get_credentials(username=username)
        wait = AxesProxyHandler.get_implementation().take_attempt(request, credentials)
        if wait:
            request.axes_locked_out = True
            request.axes_retry_after = wait
            raise AxesBackendPermissionDenied("too many failed attempts")
        request.axes_place_taken = True


def forget_attempts(request: HttpRequest, user: User) -> None:
    """Give back the places of somebody who has given the right password without logging in."""
    AxesProxyHandler.get_implementation().reset_attempts(
        username=counted_name(request, {"username": user.get_username()}), ip_address=request.axes_ip_address
    )


def lockout_error(request: HttpRequest) -> TooManyAttempts | None:
    """The refusal in words when this request's log-in came too often, else None."""
    if not getattr(request, "axes_locked_out", False):
        return None
    wait = getattr(request, "axes_retry_after", 60)
    minutes = math.ceil(wait / 60)
    detail = ngettext(
        "Too many failed log-ins with this name. Wait %(minutes)d minute, then try again.",
        "Too many failed log-ins with this name. Wait %(minutes)d minutes, then try again.",
        minutes,
    )
    return TooManyAttempts(detail % {"minutes": minutes}, retry_after=wait)


def lockout_response(
    request: HttpRequest, original: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """What axes' middleware answers: our own pages have said it already, the admin's form has not.

    Under an asynchronous server axes hands over no original answer, so that a script's is made anew.
    """
    if isinstance(original, HttpResponse) and original.status_code == 429:
        return original
    error = lockout_error(request)
    detail = error.detail if error else _("Wait a few minutes, then try again.")
    response = refusal(request, 429, TooManyAttempts.code, detail)
    response["Retry-After"] = str(error.retry_after if error else 60)
    return response


class PageThrottle(CountingThrottle):
    """The API's limit on the log-in and registration endpoints, for the pages that do the same work."""

    scope = "auth"

    def get_cache_key(self, request: HttpRequest, view: Any) -> str:
        return self.cache_format % {"scope": "auth-page", "ident": self.get_ident(request)}

"""Counting and timing requests by the name of their route."""

import time

from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from algotrade import meters
from algotrade.middleware import GetResponse
from algotrade.observing import collectors, door

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class ObservingMiddleware:
    """Measures every request, and answers Prometheus before anything looks at the host name it asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        collectors.of_web()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == door.PATH:
            return door.metrics(request)
        started = time.perf_counter()
        response = self.get_response(request)
        route, method = route_of(request), request.method if request.method in METHODS else "other"
        meters.requests.add(route, method, str(response.status_code))
        meters.request_seconds.add(time.perf_counter() - started, route, method)
        return response


def route_of(request: HttpRequest) -> str:
    """The name of the route, never its address: addresses hold numbers of things, and there is no end of them."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or "unnamed"
    return "static" if request.path_info.startswith(f"/{settings.STATIC_URL.lstrip('/')}") else "none"


@receiver(user_login_failed, dispatch_uid="observing.sign_in_failures")
def count_failure(**kwargs: object) -> None:
    meters.sign_in_failures.add()

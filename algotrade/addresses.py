"""From which address a request comes, as far as that can be believed."""

import ipaddress

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle


def client_address(request: HttpRequest) -> str | None:
    """Who asks: the peer, or behind trusted proxies the address they report."""
    for candidate in (BaseThrottle().get_ident(request), request.META.get("REMOTE_ADDR", "")):
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return None

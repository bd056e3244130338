"""The door for Prometheus, on the web process and, on a port of its own, on each worker.

With `METRICS_TOKEN` whoever shows it may read, from anywhere. Without one only this machine may, and only directly: a
request that names a proxy comes from somebody else. Everybody else finds nothing here.
"""

import hmac
import ipaddress
import logging
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.request import HttpHeaders
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from algotrade import meters
from algotrade.observing import collectors

logger = logging.getLogger(__name__)
PATH = "/metrics"
NAMES_A_PROXY = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via")


def admitted(peer: str, headers: HttpHeaders | Message) -> bool:
    """Whether this peer may read the figures."""
    if settings.METRICS_TOKEN:
        shown = str(headers.get("Authorization") or "")
        return hmac.compare_digest(shown.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    try:
        here = ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
    return here and not any(name in headers for name in NAMES_A_PROXY)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures of this process, and what the database tells about the queue."""
    if not admitted(request.META.get("REMOTE_ADDR", ""), request.headers):
        return HttpResponseNotFound("There is nothing here.\n", content_type="text/plain; charset=utf-8")
    return HttpResponse(generate_latest(meters.registry), content_type=CONTENT_TYPE_LATEST)


class _Handler(BaseHTTPRequestHandler):
    """The same door without the rest of the web process."""

    def do_GET(self) -> None:
        known = self.path.partition("?")[0] == PATH and admitted(self.client_address[0], self.headers)
        body = generate_latest(meters.registry) if known else b"There is nothing here.\n"
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST if known else "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a scrape every few seconds is no news."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def open_worker_door() -> ThreadingHTTPServer | None:
    """Serve a worker's own figures on `WORKER_METRICS_PORT`; a port that is taken costs the figures, not the work."""
    if not settings.WORKER_METRICS_PORT:
        return None
    collectors.of_worker()
    address = (settings.WORKER_METRICS_ADDRESS, settings.WORKER_METRICS_PORT)
    try:
        server = _Server(address, _Handler)
    except OSError as error:
        logger.warning("No metrics on port %d: %s", settings.WORKER_METRICS_PORT, error.strerror)
        return None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server

"""Asking for JSON over HTTP with the standard library, and telling a useful answer from every other one."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import IO, Any

from marketdata.errors import ProviderError
from marketdata.providers.courtesy import Refused, retry_after

LARGEST_ANSWER = 64 * 1024 * 1024
CHUNK = 256 * 1024
SLOWEST_ANSWER_SECONDS = 120.0
WEB = ("http://", "https://")
AGENT = "AlgoTradeLab/1.0 (self-hosted research)"


class _WithinTheWeb(urllib.request.HTTPRedirectHandler):
    """Follows to http:// and https:// alone; the library's own would ask an FTP server, too."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith(WEB):
            return None  # then the status is an error
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


_OPENER = urllib.request.build_opener(_WithinTheWeb)


def fetch_json(url: str, parameters: Mapping[str, str], *, label: str, timeout: float) -> Any:
    """Return the JSON that a GET request gives.

    No message holds the address or the parameters: a key may be among them.

    Raises
    ------
    Refused
        What may go better another time: no connection, a reset, a time-out, an answer cut short, a status of 408, 429
        or 5xx, something that is no JSON.
    ProviderError
        What will not: another status of 3xx or 4xx, an answer that is too large, an address that is none.
    """
    if not url.startswith(WEB):
        raise ProviderError(f"The address of {label} does not begin with https://. Correct the setting.")
    whole = f"{url}{'&' if '?' in url else '?'}{urllib.parse.urlencode(parameters)}"
    request = urllib.request.Request(whole, headers={"Accept": "application/json", "User-Agent": AGENT})  # noqa: S310  checked above
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            body = _read(answer, label)
    except urllib.error.HTTPError as error:
        with error:
            raise refusal(error.code, error.headers.get("Retry-After"), label) from None
    except (http.client.IncompleteRead, http.client.HTTPException):
        raise Refused("the answer was cut short") from None
    except urllib.error.URLError as error:
        raise Refused(_reason(error.reason)) from None
    except (OSError, ValueError) as error:
        raise Refused(_reason(error)) from None
    return parse(body)


def refusal(status: int, wait: str | None, label: str) -> Refused | ProviderError:
    """Return the error that a status other than 200 stands for."""
    if status == 429:
        return Refused("status 429, too many requests", limited=True, wait=retry_after(wait))
    if status in {408, 425} or status >= 500:
        return Refused(f"status {status}", limited=False, wait=retry_after(wait))
    if status in {401, 403}:
        return ProviderError(
            f"{label} refuses access (status {status}). Is the key right, and of a plan that may?"
        )
    if status in range(300, 400):
        return ProviderError(
            f"{label} sends on to an address that cannot be followed (status {status}). Check its setting."
        )
    return ProviderError(f"{label} does not know what was asked (status {status}). Check the symbol.")


def parse(body: bytes) -> Any:
    """Read JSON; what is none may be a page of a proxy or of a service under repair, so that asking again may help."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        start = body[:200].lstrip().lower()
        page = start.startswith((b"<!doctype", b"<html", b"<?xml", b"<"))
        raise Refused("a web page instead of data" if page else "an answer that is not JSON") from None


def _read(answer: http.client.HTTPResponse, label: str) -> bytes:
    until = time.monotonic() + SLOWEST_ANSWER_SECONDS
    parts: list[bytes] = []
    size, announced = 0, answer.length  # which older Pythons do not count down
    while part := answer.read1(CHUNK):  # what is there: a whole chunk may never come
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise ProviderError(
                f"{label} answered with over {LARGEST_ANSWER >> 20} MB. Ask for a shorter period."
            )
        if time.monotonic() > until:
            raise Refused("the answer came too slowly")
    if (
        announced is not None and size < announced
    ):  # read in pieces, a body that ends early is no error of its own
        raise http.client.IncompleteRead(b"")
    return b"".join(parts)


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "no connection"
    if isinstance(error, ConnectionError):
        return "the connection was reset"
    if isinstance(error, ssl.SSLError):
        return "no secure connection"
    return "no connection" if isinstance(error, OSError) else "an answer that cannot be read"

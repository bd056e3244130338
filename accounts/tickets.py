"""Tickets for sockets: good for 30 seconds and for one socket.

A browser cannot send a header with a socket, and an address is written into logs by every proxy on the way. So what a
script puts into the address is worth nothing once it was used, or half a minute later. The cache keeps a ticket's
digest, and taking it away is one step: of several sockets with one ticket, one is opened.
"""

import hashlib
import re
import secrets
from dataclasses import asdict

from django.core.cache import cache

from accounts.proofs import Proof
from algotrade.cache import was_away

SECONDS = 30
TICKET = re.compile(r"[A-Za-z0-9_-]{43}")


def issue(proof: Proof) -> str:
    """A new ticket for whoever proved themselves this way."""
    ticket = secrets.token_urlsafe(32)
    cache.set(_place(ticket), asdict(proof), timeout=SECONDS)
    return ticket


def redeem(ticket: str) -> Proof | None:
    """Use a ticket up. None for what is no ticket, is too old or was used before.

    Raises OSError for one that is not found while it may lie where it cannot be looked for: Redis was away since.
    """
    if not TICKET.fullmatch(ticket):
        return None
    place = _place(ticket)
    kept = cache.get(place)
    if kept is None and was_away(within=SECONDS):
        raise OSError("Redis was away: ask for a new ticket.")
    return Proof(**kept) if kept and cache.delete(place) else None


def _place(ticket: str) -> str:
    return f"socket-ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"

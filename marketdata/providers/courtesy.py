"""How every provider on the network is asked: at its pace, again when that may help, and not for ever."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from marketdata.errors import ProviderUnavailable, RateLimited
from marketdata.providers.limiter import Limiter

T = TypeVar("T")

STEP_SECONDS = 0.5
"""How often a pause looks whether somebody wants it to end."""


class Refused(Exception):
    """An answer that may be better when asked again: the reason, and how long the provider wants to be left alone."""

    def __init__(self, reason: str, *, limited: bool = False, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limited = limited
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long one request is tried.

    The pause before try n + 1 is `first_seconds` * 2^(n - 1), at most `longest_seconds`, of which a random half is
    left out so that many askers do not return together. A provider that asks for a longer pause gets it, unless that
    would exceed `total_seconds` of pauses: then the request ends with what the provider said.
    """

    attempts: int = 5
    first_seconds: float = 1.0
    longest_seconds: float = 30.0
    total_seconds: float = 150.0
    timeout_seconds: float = 20.0


class Courtesy:
    """Asks on behalf of one provider.

    Parameters
    ----------
    label : str
        The provider's name in messages.
    limiter : Limiter
        Its rate limit.
    patience : Patience
    tell : callable
        Called with a message during pauses; it may raise to stop them.
    sleep : callable
        Waits for so many seconds; for tests.
    """

    def __init__(
        self,
        label: str,
        limiter: Limiter,
        patience: Patience,
        *,
        tell: Callable[[str], None] = lambda message: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.label = label
        self.patience = patience
        self._limiter = limiter
        self._tell = tell
        self._sleep = sleep

    def ask(self, request: Callable[[], T]) -> T:
        """Return what `request` returns, calling it again while it raises `Refused` and patience lasts.

        Raises
        ------
        RateLimited
            The last refusal was about asking too often, or the limit of this machine is used up for longer than the
            patience. `seconds` says how long to wait.
        ProviderUnavailable
            It was refused for another reason, each time.
        """
        paused, attempt = 0.0, 1
        while True:
            self._wait_for_turn()
            try:
                return request()
            except Refused as refused:
                pause = max(self._pause(attempt), refused.wait or 0.0)
                if attempt >= self.patience.attempts or paused + pause > self.patience.total_seconds:
                    raise self._final(refused, attempt) from None
                self.pause(pause, f"{self.label}: {refused.reason}; trying again in {pause:.0f} s")
                paused, attempt = paused + pause, attempt + 1

    def pause(self, seconds: float, message: str) -> None:
        """Wait, in short steps between which `tell` may stop it."""
        while seconds > 0:
            self._tell(message)
            self._sleep(min(seconds, STEP_SECONDS))
            seconds -= STEP_SECONDS
        self._tell(message)

    def _wait_for_turn(self) -> None:
        wait = self._limiter.take(self.patience.total_seconds)
        if wait > self.patience.total_seconds:
            raise RateLimited(
                f"{self.label} was asked as often as it allows ({self._limiter.limit}). "
                f"Try again in {spoken(wait)}.",
                seconds=wait,
            )
        if wait > 0:
            self.pause(wait, f"{self.label}: waiting for its rate limit")

    def _pause(self, attempt: int) -> float:
        whole = min(self.patience.first_seconds * 2.0 ** (attempt - 1), self.patience.longest_seconds)
        return whole * (0.5 + 0.5 * random.random())

    def _final(self, refused: Refused, attempts: int) -> RateLimited | ProviderUnavailable:
        tried = "once" if attempts == 1 else f"{attempts} times"
        if refused.limited:
            when = f" Try again in {spoken(refused.wait)}." if refused.wait else " Try again later."
            return RateLimited(
                f"{self.label} wants to be asked less often ({refused.reason}; asked {tried}).{when}",
                seconds=refused.wait,
            )
        return ProviderUnavailable(
            f"{self.label} gave no usable answer ({refused.reason}; asked {tried}). Try again later."
        )


def retry_after(value: str | None, now: dt.datetime | None = None) -> float | None:
    """Read a Retry-After header: seconds or a date. None when it is missing or makes no sense."""
    text = (value or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), 7 * 86_400))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    seconds = (moment - (now or dt.datetime.now(dt.UTC))).total_seconds()
    return min(max(seconds, 0.0), 7 * 86_400.0)


def spoken(seconds: float) -> str:
    """A wait in words."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"

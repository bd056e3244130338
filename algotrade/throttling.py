"""How requests are counted: in one step each, so that those that arrive together are all counted.

REST framework reads the times of former requests, adds one and writes them back; of fifty requests at once many read
the same. Here a number is raised where it lies.
"""

from typing import Any

from rest_framework import throttling
from rest_framework.request import Request


class CountingThrottle(throttling.SimpleRateThrottle):
    """So many requests within a second, minute, hour or day that begins with the first of them."""

    def allow_request(self, request: Request, view: Any) -> bool:
        key = None if self.rate is None else self.get_cache_key(request, view)
        if key is None:
            return True
        self.began = self._began(f"{key}:began")
        # The number lies under its beginning: one that outlives its time by a fault is never looked at again.
        return self._counted(f"{key}:{self.began}") <= self.num_requests

    def wait(self) -> float:
        """Seconds until requests count anew."""
        return max(0.0, float(self.began + self.duration - self.timer()))

    def _began(self, key: str) -> float:
        began = self.cache.get(key)
        if began is None:
            now = self.timer()
            self.cache.add(key, now, self.duration)  # of those that begin together one is the first
            began = self.cache.get(key, now)
        return float(began)

    def _counted(self, key: str) -> int:
        for _try in range(2):
            try:
                return int(self.cache.incr(key))
            except ValueError:
                self.cache.add(key, 0, 2 * self.duration)
        return 1  # the store went or came back in between, and counts from its own beginning


class AnonThrottle(CountingThrottle, throttling.AnonRateThrottle):
    """Of an address, for whoever is not signed in."""


class UserThrottle(CountingThrottle, throttling.UserRateThrottle):
    """Of a user."""


class ScopedThrottle(throttling.ScopedRateThrottle, CountingThrottle):
    """Of a user or an address, at the views that name a scope."""

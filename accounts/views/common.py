"""What the pages about accounts share."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.errors import TooManyAttempts
from accounts.lockout import PageThrottle


def throttle(request: HttpRequest) -> None:
    """Each look at a password costs a quarter of a second of hashing: nobody gets unlimited many."""
    throttle = PageThrottle()
    if not throttle.allow_request(request, None):
        wait = int(throttle.wait() or 60) + 1
        raise TooManyAttempts(
            _("Too many attempts from this address: wait %(seconds)d seconds.") % {"seconds": wait},
            retry_after=wait,
        )

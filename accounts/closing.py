"""Deleting an account: the door is shut at once, the data goes in short transactions, the row goes last.

Closing ends every session and token, takes the roles and the names away (so that both are free again) and asks the
jobs to stop. What was owned is then removed kind by kind, a little in the request that asked and the rest by the
clock, so that neither a lock nor an answer takes long however much there is.
"""

import logging
import secrets
import time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.belongings import belongings
from accounts.errors import LastSuperuser
from accounts.models import User
from accounts.services import UserService
from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.jobs import services as jobs
from algotrade.jobs.errors import AlreadyEnded
from algotrade.jobs.models import Job

logger = logging.getLogger(__name__)

AT_ONCE_SECONDS = 1.0
BY_THE_CLOCK_SECONDS = 20.0


def close_own(user: User, password: str) -> None:
    """Delete one's own account; the password shows that it is not a borrowed session that asks.

    Raises
    ------
    AccountInvalid
        The password is wrong.
    LastSuperuser
        Nobody else could administer the lab.
    """
    UserService.require_password(user, password)
    close(user)


def close(user: User) -> None:
    """Shut an account for good and begin to remove what belongs to it."""
    with transaction.atomic():
        if user.is_superuser:
            _require_another_superuser(user)
        current = User.objects.select_for_update().get(pk=user.pk)
        if current.closed_at is None:
            record(Action.ACCOUNT_CLOSED, target=current)
            _shut(current)
    user_id = user.pk
    # The admin deletes in a transaction of its own: what is removed must neither prolong nor undo that one.
    transaction.on_commit(lambda: _begin_to_remove(user_id))


def finish(user_id: int, seconds: float = BY_THE_CLOCK_SECONDS) -> bool:
    """Go on removing what a closed account owns; whether all of it, and the account, is gone."""
    until = time.monotonic() + seconds
    if _stop_jobs(user_id):
        return False  # a job may write until it has ended; the next round finds it ended
    for belonging in reversed(belongings()):
        if not belonging.forget_of(user_id, until):
            return False
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id, closed_at__isnull=False).first()
        if user is not None:
            record(Action.ACCOUNT_DELETED, target=user)
            user.delete()
    return True


def finish_all() -> int:
    """Go on with every closed account, whatever happens to one of them; how many are gone now."""
    closed, gone = User.objects.filter(closed_at__isnull=False).order_by("closed_at"), 0
    for user_id in list(closed.values_list("pk", flat=True)):
        try:
            gone += finish(user_id)
        except Exception:
            logger.exception("The closed account %s cannot be removed; the others go on", user_id)
    return gone


def _begin_to_remove(user_id: int) -> None:
    """The account is closed, so that is the answer: what goes wrong from here on is tried again by the clock."""
    try:
        finish(user_id, AT_ONCE_SECONDS)
    except Exception:
        logger.exception("The closed account %s cannot be removed yet; the clock goes on with it", user_id)


def _require_another_superuser(user: User) -> None:
    """Two who leave at the same time are looked at one after the other."""
    able = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    if not any(other.pk != user.pk for other in able):
        raise LastSuperuser(
            _(
                "%(user)s is the only active superuser: make somebody else one first, or nobody could administer "
                "the lab."
            )
            % {"user": user}
        )


def _shut(user: User) -> None:
    """Nobody comes in any more, and nothing of the person is left in the row."""
    UserService.end_all_access(user)
    stand_in = f"closed-{user.pk}-{secrets.token_hex(4)}"
    user.username, user.email, user.full_name = stand_in, f"{stand_in}@closed.invalid", ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.closed_at = timezone.now()
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()


def _stop_jobs(user_id: int) -> bool:
    """Ask the jobs to stop; whether any is still on its way to its end."""
    for job in Job.objects.active().filter(owner_id=user_id):
        try:
            jobs.request_cancel(job)
        except AlreadyEnded:
            continue
    return Job.objects.active().filter(owner_id=user_id).exists()

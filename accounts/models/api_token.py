"""Long-lived tokens for scripts. The row holds the hash of a secret that is shown once and kept nowhere."""

import hashlib
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from accounts.models.owned import OwnedModel, OwnedQuerySet

USE_IS_NOTED_EVERY = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a token may do."""

    READ = "read", _("Read: look at everything of mine, change nothing")
    RUN = "run", _("Run: everything but this account itself")


class ApiTokenQuerySet(OwnedQuerySet):
    sortable = ("name", "scope", "created_at", "expires_at", "last_used_at")


class ApiToken(OwnedModel):
    """One token of a user. Revoking it deletes the row."""

    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    scope = models.CharField(_("scope"), max_length=4, choices=Scope, default=Scope.READ)
    stamp = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="api_token_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest_of(secret: str) -> str:
        """The hash under which a secret is found. Its 256 random bits need no slow hash."""
        return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_live(self) -> bool:
        """Whether it opens anything: not expired, and its user is active and has kept password and access."""
        return (
            self.user.is_active
            and not self.has_expired
            and constant_time_compare(self.stamp, self.user.get_session_auth_hash())
        )

    @property
    def is_read_only(self) -> bool:
        return self.scope == Scope.READ

    def note_use(self) -> None:
        """Remember that it was used, at most once a minute."""
        now = timezone.now()
        if self.last_used_at is not None and now - self.last_used_at < USE_IS_NOTED_EVERY:
            return
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_IS_NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=self.pk).update(last_used_at=now)
        self.last_used_at = now

"""The audit log: who did what to whom, when, and from where. Rows are only added."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from algotrade.audit.actions import Action
from algotrade.audit.errors import AppendOnly


class Via(models.TextChoices):
    """Through which door somebody came."""

    PAGE = "page", _("page")
    ADMIN = "admin", _("admin")
    BEARER = "bearer", _("access token")
    API_TOKEN = "api_token", _("API token")
    LAB = "lab", _("the lab itself")


class EntryQuerySet(models.QuerySet):
    """Entries to read; the ways to change them are closed, here and by triggers of the database."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class Entry(models.Model):
    """One recorded action.

    People are kept by number and name in plain columns, so that an entry outlasts the account it is about.
    """

    at = models.DateTimeField(_("time (UTC)"), default=timezone.now, db_index=True)
    action = models.CharField(_("action"), max_length=40, choices=Action)
    actor_id = models.BigIntegerField(_("actor's number"), null=True, blank=True)
    actor_name = models.CharField(_("actor"), max_length=150, blank=True)
    target_kind = models.CharField(_("kind of thing"), max_length=60, blank=True)
    target_id = models.CharField(_("thing's number"), max_length=64, blank=True)
    target_name = models.CharField(_("thing"), max_length=200, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    via = models.CharField(_("door"), max_length=10, choices=Via, default=Via.LAB)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["actor_name", "-at"], name="audit_actor"),
            models.Index(fields=["action", "-at"], name="audit_action"),
            models.Index(fields=["target_kind", "target_id"], name="audit_target"),
        ]

    def __str__(self) -> str:
        who = self.actor_name or str(_("somebody"))
        return " ".join(part for part in (who, self.get_action_display(), self.target_name) if part)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly


class Permit(models.Model):
    """While a row is here, the database lets entries before its moment be removed.

    `services.prune` writes one and takes it away in the transaction that removes the entries, so that nobody else
    ever sees one.
    """

    before = models.DateTimeField()

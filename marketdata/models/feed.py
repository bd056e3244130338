"""Feeds: series that a provider keeps up to date by themselves."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedQuerySet
from marketdata.models.series import Series


class FeedQuerySet(OwnedQuerySet):
    """Feeds, by whose series they fill and when they are due."""

    def for_user(self, user: Any) -> Self:
        """Those of the user's own series; for staff those of shared series, too."""
        return self.filter(series__in=Series.objects.kept_by(user))

    def due(self, moment: Any) -> Self:
        """Those switched on whose time has come and whose owner is active."""
        awake = models.Q(series__user__isnull=True) | models.Q(series__user__is_active=True)
        return self.filter(awake, enabled=True, next_at__lte=moment)


class Feed(models.Model):
    """Where the bars of a series come from, and how often they are asked for."""

    class Every(models.TextChoices):
        QUARTER_HOUR = "15m", _("every 15 minutes")
        HOUR = "1h", _("every hour")
        DAY = "1d", _("every day")
        WEEK = "1w", _("every week")

    series = models.OneToOneField(
        Series, on_delete=models.CASCADE, related_name="feed", verbose_name=_("series")
    )
    provider = models.CharField(_("provider"), max_length=40)
    symbol = models.CharField(_("symbol there"), max_length=64)
    every = models.CharField(_("refresh"), max_length=4, choices=Every, default=Every.DAY)
    enabled = models.BooleanField(_("switched on"), default=True)
    next_at = models.DateTimeField(_("next"), default=now)
    last_at = models.DateTimeField(_("last"), null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    objects = FeedQuerySet.as_manager()

    class Meta:
        ordering = ["next_at", "pk"]
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        indexes = [models.Index(fields=["enabled", "next_at"], name="feed_due")]

    def __str__(self) -> str:
        return f"{self.series} · {self.provider}"

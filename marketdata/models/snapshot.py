"""Snapshots: the bars of a series at one moment, as columns in a file that computations read."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from marketdata.models.series import Series


class Snapshot(models.Model):
    """The bars of a series at one moment, as columns in a file named by their sha256. The content never changes.

    What is known about the content may: the quality report is made anew with another calendar, and `damaged_at` says
    that the file was lost. Both are written by updates of the queryset.
    """

    series = models.ForeignKey(
        Series, on_delete=models.CASCADE, related_name="snapshots", verbose_name=_("series")
    )
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    bar_count = models.PositiveIntegerField(_("bars"))
    first_time = models.DateTimeField(_("first bar"))
    last_time = models.DateTimeField(_("last bar"))
    path = models.CharField(_("file"), max_length=120)
    quality = models.JSONField(_("quality report"), default=dict)
    damaged_at = models.DateTimeField(
        _("found damaged"),
        null=True,
        blank=True,
        help_text=_("When its file was last found missing or altered and could not be rebuilt."),
    )
    created_at = models.DateTimeField(_("taken"), default=now)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        constraints = [
            models.UniqueConstraint(fields=["series", "sha256"], name="snapshot_series_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} ({self.bar_count})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new snapshot; changing a stored one is refused, because results point at it."""
        if not self._state.adding:
            raise TypeError("A snapshot is immutable: import again to make another one.")
        super().save(*args, **kwargs)

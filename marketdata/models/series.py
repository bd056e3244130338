"""Series: one symbol in one timeframe from one source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedQuerySet
from marketdata.timeframes import CALENDARS, get_timeframe, periods_per_year

if TYPE_CHECKING:
    from marketdata.models.snapshot import Snapshot

SYMBOL_PATTERN = r"^[A-Z0-9^][A-Z0-9._/^=:&-]{0,31}$"
SYMBOL_HELP = _("Capital letters, digits and ^, and . _ / = : & - inside; at most 32.")


class SeriesQuerySet(OwnedQuerySet):
    """Series, by who may see them."""

    sortable = ("symbol", "bar_count", "last_time", "coverage")

    def visible_to(self, user: Any) -> Self:
        """The user's own series and the shared ones (which belong to nobody)."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(models.Q(user=user) | models.Q(user__isnull=True))

    def kept_by(self, user: Any) -> Self:
        """Those whose bars `user` keeps up to date: the own ones, and for staff the shared ones too."""
        return self.visible_to(user) if user.is_staff else self.for_user(user)

    def shared(self) -> Self:
        """Series that everybody sees and only staff change."""
        return self.filter(user__isnull=True)

    def with_bars(self) -> Self:
        """Series that hold something to compute from."""
        return self.filter(bar_count__gt=0)

    def matching(self, text: str) -> Self:
        """Series whose symbol or name contains `text`."""
        return self.filter(models.Q(symbol__icontains=text) | models.Q(name__icontains=text))


class SeriesManager(models.Manager.from_queryset(SeriesQuerySet)):  # type: ignore[misc]
    """Series that are there. One that is made for an import which still runs is not, and never was if that fails.

    Neither is one that was deleted and whose rows are still being removed.
    """

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(is_draft=False, deleted_at=None)


class Series(models.Model):
    """One symbol in one timeframe from one source. The counts and times mirror the current snapshot."""

    class Adjustment(models.TextChoices):
        NONE = "none", _("as published")
        SPLITS = "splits", _("splits")
        SPLITS_DIVIDENDS = "splits_dividends", _("splits and dividends")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,  # `store.deleting.delete_of` does it: a cascade would load or lock every bar
        related_name="series_set",
        null=True,
        blank=True,
        verbose_name=_("owner"),
        help_text=_("Empty: shared with everybody, changed by staff only."),
    )
    symbol = models.CharField(
        _("symbol"),
        max_length=32,
        validators=[RegexValidator(SYMBOL_PATTERN, SYMBOL_HELP)],
        help_text=SYMBOL_HELP,
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    timeframe = models.CharField(_("timeframe"), max_length=4)
    source = models.CharField(_("source"), max_length=32)
    calendar = models.CharField(_("calendar"), max_length=12)
    timezone = models.CharField(
        _("timezone"), max_length=64, default="UTC", help_text=_("The zone the source writes its times in.")
    )
    adjustment = models.CharField(
        _("adjusted for"), max_length=20, choices=Adjustment, default=Adjustment.NONE
    )
    derived_from = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        related_name="derived_set",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("made from"),
        help_text=_(
            "The series whose bars these were computed from; it is computed again when that changes."
        ),
    )
    recipe = models.JSONField(
        _("how it is made"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("What is done to the bars of the series that it is made from."),
    )
    bar_count = models.PositiveIntegerField(_("bars"), default=0, editable=False)
    first_time = models.DateTimeField(_("first bar"), null=True, editable=False)
    last_time = models.DateTimeField(_("last bar"), null=True, editable=False)
    content_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    coverage = models.FloatField(_("coverage"), null=True, editable=False)
    quality_grade = models.CharField(_("quality"), max_length=8, default="empty", editable=False)
    is_draft = models.BooleanField(default=False, editable=False)
    revision = models.IntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text=_(
            "Rows of a later revision are written ahead of the end of an import and do not count yet."
        ),
    )
    replaced_first = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("The period, to `replaced_last`, in which an import replaces rows; empty at rest."),
    )
    replaced_last = models.DateTimeField(null=True, editable=False)
    replaced_before = models.IntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text=_(
            "In the replaced period, rows of revisions before this one count no more and are removed."
        ),
    )
    deleted_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When it was deleted, until the last of its rows is removed.")
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SeriesManager()
    written = SeriesQuerySet.as_manager()
    """All series, also drafts (those that an import which still runs has made) and deleted ones."""

    class Meta:
        ordering = ["symbol", "timeframe", "pk"]
        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "symbol", "timeframe", "source", "adjustment", "is_draft"],
                condition=models.Q(user__isnull=False, deleted_at=None),
                name="series_unique_of_owner",
            ),
            models.UniqueConstraint(
                fields=["symbol", "timeframe", "source", "adjustment", "is_draft"],
                condition=models.Q(user__isnull=True, deleted_at=None),
                name="series_unique_shared",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("marketdata:detail", args=[self.pk])

    @property
    def label(self) -> str:
        """What it is called everywhere: "AAPL 1d", "AAPL 1d (adjusted for splits, shared)"."""
        marks = []
        if self.adjustment != self.Adjustment.NONE:
            marks.append(gettext("adjusted for %(what)s") % {"what": self.get_adjustment_display()})
        if self.is_shared:
            marks.append(gettext("shared"))
        name = f"{self.symbol} {self.timeframe}"
        return f"{name} ({', '.join(marks)})" if marks else name

    @property
    def is_shared(self) -> bool:
        """Whether everybody sees the series."""
        return self.user_id is None

    @property
    def calendar_label(self) -> str:
        """The calendar in words; one of an older version by its name."""
        calendar = CALENDARS.get(self.calendar)
        return gettext(calendar.label) if calendar else self.calendar

    @property
    def is_intraday(self) -> bool:
        """Whether times of day matter."""
        return get_timeframe(self.timeframe).is_intraday

    @property
    def is_derived(self) -> bool:
        """Whether its bars are computed from another series."""
        return self.derived_from_id is not None

    @property
    def periods_per_year(self) -> int:
        """Bars in a year, the P of annualisation."""
        return periods_per_year(self.timeframe, self.calendar)

    def current_snapshot(self) -> Snapshot | None:
        """Return the snapshot of what the series holds now; None when it holds nothing."""
        return self.snapshots.filter(sha256=self.content_sha256).first() if self.content_sha256 else None

    def current_report(self) -> dict[str, Any]:
        """Return the quality report of what the series holds now; an empty one when it holds nothing."""
        current = self.current_snapshot()
        return current.quality if current else {}

    def can_edit(self, user: Any) -> bool:
        """Whether `user` may change or delete it outside the admin."""
        return self.user_id is not None and self.user_id == user.pk

    def is_kept_by(self, user: Any) -> bool:
        """Whether `user` may give it a feed, change that and use it."""
        return self.can_edit(user) or (self.is_shared and bool(user.is_staff))

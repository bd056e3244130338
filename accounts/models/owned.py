"""Whose things are whose."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from algotrade.ordering import nulls_last


class OwnedQuerySet(models.QuerySet):
    """Rows that belong to somebody. `sortable` names the columns that a list of them may be sorted by."""

    sortable: ClassVar[tuple[str, ...]] = ()

    def for_user(self, user: Any) -> Self:
        """Only this user's rows. Staff, too, see only their own here; the admin shows all."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def sorted_by(self, key: str) -> Self:
        """By a sortable column, "-" for downwards; undefined values come last. Any other key changes nothing."""
        if key.removeprefix("-") not in self.sortable:
            return self
        return self.order_by(nulls_last(self.model, key), "-pk")


class OwnedModel(models.Model):
    """Base of everything that belongs to one user."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="%(class)s_set", verbose_name=_("owner")
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

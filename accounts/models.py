"""Who uses the lab, and whose things are whose."""

from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users; e-mail addresses are kept in lower case, since people type them either way."""

    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        if not username or not email:
            raise ValueError("A user needs a username and an e-mail address.")
        user = self.model(username=username, email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(username, email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account; logs in by username or e-mail address."""

    username = models.CharField(
        _("username"),
        max_length=40,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This username is taken: choose another.")},
        help_text=_("Letters, digits and @ . + - _ ; at most 40."),
    )
    email = models.EmailField(
        _("e-mail address"),
        unique=True,
        error_messages={"unique": _("An account with this e-mail address exists: log in instead.")},
    )
    full_name = models.CharField(_("full name"), max_length=120, blank=True)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Off: the user cannot log in."))
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May use the admin."))
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_ci_unique",
                violation_error_message=_("An account with this e-mail address exists: log in instead."),
            ),
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_ci_unique",
                violation_error_message=_("This username is taken: choose another."),
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        return self.full_name or self.username

    def get_short_name(self) -> str:
        return self.username


class OwnedQuerySet(models.QuerySet):
    """Rows that belong to somebody."""

    def for_user(self, user: Any) -> Self:
        """Only this user's rows. Staff, too, see only their own here; the admin shows all."""
        return self.filter(user=user) if user.is_authenticated else self.none()


class OwnedModel(models.Model):
    """Base of everything that belongs to one user."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="%(class)s_set", verbose_name=_("owner")
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

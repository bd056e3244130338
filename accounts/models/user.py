"""Who uses the lab."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from algotrade.audit.actions import Action
from algotrade.audit.services import record

# No "@": a username could otherwise be somebody else's e-mail address, and both are names to log in with. No letters
# of which others look the same or which databases case in different ways: a name is nobody else's on any screen.
username_validator = RegexValidator(
    r"^[A-Za-z0-9_.+-]+\Z",
    _("A username has only the letters A to Z, digits and . + - _ : leave out spaces and other signs."),
    "username_invalid",
)


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
        with transaction.atomic(using=self._db):
            user = self.create_user(username, email, password, is_staff=True, is_superuser=True, **fields)
            record(Action.ROLE_CHANGED, target=user, made="superuser")
        return user

    def named(self, name: str) -> "User | None":
        """The user with this username or e-mail address, however its letters are cased."""
        typed = name.strip()
        column = "email" if "@" in typed else "username"
        # Older accounts have any letters, and SQLite lowers those of ASCII only: a name counts as it was typed, too.
        same = models.Q(key=typed.lower()) | models.Q(**{column: typed})
        found = list(self.alias(key=Lower(column)).filter(same)[:2]) if typed else []
        return next((user for user in found if getattr(user, column) == typed), found[0] if found else None)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account; logs in by username or e-mail address."""

    username = models.CharField(
        _("username"),
        max_length=40,
        unique=True,
        validators=[username_validator],
        error_messages={"unique": _("This username is taken: choose another.")},
        help_text=_("Letters A to Z, digits and . + - _ ; at most 40."),
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
    access_version = models.PositiveIntegerField(default=0, editable=False)
    closed_at = models.DateTimeField(
        _("closed"), null=True, editable=False, help_text=_("Since when the account is being deleted.")
    )

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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As Django's; and the audit log hears of each new password, whichever way it was set."""
        if self._password is None or self._state.adding:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            record(Action.PASSWORD_CHANGED, target=self)

    def get_full_name(self) -> str:
        return self.full_name or self.username

    def get_short_name(self) -> str:
        return self.username

    def end_access(self) -> None:
        """End every session and every token this user has anywhere. Save nothing else of the row."""
        User.objects.filter(pk=self.pk).update(access_version=models.F("access_version") + 1)
        self.refresh_from_db(fields=["access_version"])

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # A session holds this value: a new password or a raised version makes it worthless.
        stamp = f"{self.password}:{self.access_version}"
        return salted_hmac("accounts.User.session", stamp, secret=secret, algorithm="sha256").hexdigest()

"""What can be done with accounts; pages, the API and the admin all come here."""

from django.conf import settings
from django.contrib.auth import authenticate, login, update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import api_tokens, tokens
from accounts.errors import AccountChanged, AccountInvalid, LoginRefused, RegistrationClosed
from accounts.lockout import forget_attempts, lockout_error
from accounts.models import User
from algotrade.audit.actions import Action
from algotrade.audit.requests import current_request
from algotrade.audit.services import record

Fields = dict[str, list[str]]
BACKEND = "accounts.backends.EmailOrUsernameBackend"


class UserService:
    """Registration, log-in, profile, password, and the end of access."""

    @staticmethod
    def register(*, username: str, email: str, password: str, full_name: str = "") -> User:
        """Make an account, or say field by field why not."""
        if not settings.REGISTRATION_OPEN:
            raise RegistrationClosed(_("Registration is closed here: ask the staff for an account."))
        user = User(username=username, email=email.strip().lower(), full_name=full_name.strip())
        fields = _problems(user) | _password_problems(password, user, "password")
        if fields:
            raise AccountInvalid(fields=fields)
        user.set_password(password)
        with transaction.atomic():
            _save(user)
            record(Action.REGISTERED, actor=user, target=user)
        return user

    @staticmethod
    def check_credentials(request: HttpRequest, *, name: str, password: str) -> User:
        """Who this is, by username or e-mail address; slowed down against guessing."""
        user = authenticate(request, username=name, password=password)
        if user is not None:
            return user
        raise lockout_error(request) or LoginRefused(
            _("Name and password do not match an active account: check both.")
        )

    @staticmethod
    def log_in_with_tokens(request: HttpRequest, *, name: str, password: str) -> tokens.TokenPair:
        """A token pair for a script."""
        user = UserService.check_credentials(request, name=name, password=password)
        user_logged_in.send(sender=User, request=request, user=user)
        return tokens.issue(user)

    @staticmethod
    def start_session(request: HttpRequest, user: User) -> None:
        """Sign somebody in on this browser who has just proved who they are."""
        login(request, user, backend=BACKEND)

    @staticmethod
    def update_profile(user: User, *, full_name: str | None = None, email: str | None = None) -> User:
        """Change what was given; the rest stays."""
        changed = User.objects.get(pk=user.pk)
        if full_name is not None:
            changed.full_name = full_name.strip()
        if email is not None:
            changed.email = email.strip().lower()
        if fields := _problems(changed, but=frozenset({"password", "username"})):
            raise AccountInvalid(fields=fields)
        with transaction.atomic():
            _save(changed, update_fields=["full_name", "email"])
            record(Action.PROFILE_CHANGED, target=changed)
        return changed

    @staticmethod
    def change_password(
        user: User, *, current_password: str, new_password: str, request: HttpRequest | None = None
    ) -> User:
        """Set a new password and end all other sessions and all tokens; the request's own session stays."""
        UserService.require_password(user, current_password)
        if fields := _password_problems(new_password, user, "new_password"):
            raise AccountInvalid(fields=fields)
        UserService._replace_password(user, new_password)
        if request is not None:
            update_session_auth_hash(request, user)
        return user

    @staticmethod
    def require_password(user: User, password: str) -> None:
        """Refuse unless this is the user's password, for what a borrowed session must not do.

        Wrong ones count together with failed log-ins: who borrows a session gets no more guesses than who has none.
        """
        request = current_request.get()
        if request is None:
            known = user.check_password(password)
        else:
            known = authenticate(request, username=user.get_username(), password=password) == user
            if locked := lockout_error(request):
                raise locked
        if not known:
            raise AccountInvalid(fields={"current_password": [_("This is not your current password.")]})
        if request is not None:
            forget_attempts(request, user)

    @staticmethod
    def _replace_password(user: User, password: str) -> None:
        # Hashing takes a quarter of a second: done before the transaction, which then asks that nothing changed.
        known, hashed = user.password, make_password(password)
        with transaction.atomic():
            changed = User.objects.filter(pk=user.pk, password=known).update(
                password=hashed, access_version=F("access_version") + 1
            )
            if not changed:
                raise AccountChanged(_("The password was changed elsewhere just now: log in again."))
            tokens.revoke_all(user)
            api_tokens.revoke_all(user)
            record(Action.PASSWORD_CHANGED, target=user)
        user.refresh_from_db(fields=["password", "access_version"])

    @staticmethod
    def deactivate(user: User) -> None:
        """Switch the account off and end all its sessions and tokens; its data stays."""
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(is_active=False)
            UserService.end_all_access(user)
            record(Action.DEACTIVATED, target=user)
        user.is_active = False

    @staticmethod
    def activate(user: User) -> None:
        """Switch the account on again. What was ended by the deactivation stays ended."""
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(is_active=True)
            record(Action.ACTIVATED, target=user)
        user.is_active = True

    @staticmethod
    def end_access(user: User, request: HttpRequest | None = None) -> None:
        """End all sessions and tokens; the user may log in again. The session of a given request stays."""
        with transaction.atomic():
            UserService.end_all_access(user)
            record(Action.ACCESS_ENDED, target=user)
        if request is not None:
            update_session_auth_hash(request, user)

    @staticmethod
    def end_all_access(user: User) -> None:
        user.end_access()
        tokens.revoke_all(user)
        api_tokens.revoke_all(user)


def _problems(user: User, but: frozenset[str] = frozenset({"password"})) -> Fields:
    """What is wrong with the fields of a user that is about to be saved, those left out that do not change."""
    fields: Fields = {}
    try:
        user.clean_fields(exclude=but)
    except ValidationError as error:
        fields.update(error.message_dict)
    return _taken(user) | fields


def _taken(user: User) -> Fields:
    """The names that somebody else has, in any casing."""
    others = User.objects.exclude(pk=user.pk)
    fields: Fields = {}
    for name in ("username", "email"):
        value = getattr(user, name).lower()
        if value and others.alias(key=Lower(name)).filter(key=value).exists():
            fields[name] = [str(User._meta.get_field(name).error_messages["unique"])]
    return fields


def _password_problems(password: str, user: User, field: str) -> Fields:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {field: list(error.messages)}
    return {}


def _save(user: User, **options: list[str]) -> None:
    """Save, and when somebody took the name meanwhile, say which."""
    try:
        with transaction.atomic():
            user.save(**options)
    except IntegrityError as error:
        raise AccountInvalid(fields=_taken(user) or {"username": [_("This name is taken.")]}) from error

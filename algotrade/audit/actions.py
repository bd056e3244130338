"""What the audit log knows: one code for each kind of thing that is recorded."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    """A recorded action. Codes are stored and exported: they never change their meaning."""

    LOGGED_IN = "login.succeeded", _("logged in")
    LOGIN_FAILED = "login.failed", _("failed to log in")
    LOCKED_OUT = "login.locked", _("was locked out after failed log-ins")
    PASSWORD_REFUSED = "password.refused", _("gave a wrong password")
    REFRESH_REUSED = "refresh.reused", _("used a refresh token twice: its log-in was ended")
    LOGGED_OUT = "logout", _("logged out")
    ACCESS_ENDED = "access.ended", _("ended all sessions and tokens")
    REGISTERED = "account.registered", _("made an account")
    PROFILE_CHANGED = "account.changed", _("changed name or e-mail address")
    PASSWORD_CHANGED = "account.password", _("changed a password")
    ROLE_CHANGED = "account.role", _("changed roles")
    DEACTIVATED = "account.deactivated", _("deactivated an account")
    ACTIVATED = "account.activated", _("activated an account")
    UNLOCKED = "account.unlocked", _("lifted a lock")
    ACCOUNT_CLOSED = "account.closed", _("asked for an account's deletion")
    ACCOUNT_DELETED = "account.deleted", _("deleted an account")
    TOKEN_MADE = "token.made", _("made an API token")
    TOKEN_REVOKED = "token.revoked", _("revoked an API token")
    EXPORTED = "data.exported", _("exported data")
    DELETED = "data.deleted", _("deleted data")
    SHARED = "data.shared", _("shared data with everybody")
    ADMINISTERED = "admin.changed", _("changed something in the admin")
    PRUNED = "audit.pruned", _("removed old entries of the audit log")

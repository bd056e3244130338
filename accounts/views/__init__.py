"""Pages about accounts."""

from accounts.views.data import data, delete_account, export_create, export_delete, export_download
from accounts.views.entry import LoginView, logout, register
from accounts.views.profile import end_access, profile
from accounts.views.tokens import token_revoke, tokens

__all__ = [
    "LoginView",
    "data",
    "delete_account",
    "end_access",
    "export_create",
    "export_delete",
    "export_download",
    "logout",
    "profile",
    "register",
    "token_revoke",
    "tokens",
]

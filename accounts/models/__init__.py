"""Users, what belongs to them, their API tokens and the copies of their data."""

from accounts.models.api_token import ApiToken, Scope
from accounts.models.data_export import DataExport
from accounts.models.owned import OwnedModel, OwnedQuerySet
from accounts.models.user import User, UserManager, username_validator

__all__ = [
    "ApiToken",
    "DataExport",
    "OwnedModel",
    "OwnedQuerySet",
    "Scope",
    "User",
    "UserManager",
    "username_validator",
]

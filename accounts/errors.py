"""What can go wrong with accounts."""

from algotrade.errors import (
    Conflict,
    InvalidInput,
    LabError,
    LimitExceeded,
    NotAllowed,
    NotFound,
    NotSignedIn,
)


class AccountError(LabError):
    """Root of what can go wrong with accounts."""

    code = "account_error"


class AccountInvalid(AccountError, InvalidInput):
    """What was typed for an account cannot be used; `fields` names each reason."""

    code = "account_invalid"


class RegistrationClosed(AccountError, NotAllowed):
    """This lab makes its accounts in the admin only."""

    code = "registration_closed"


class LoginRefused(AccountError, NotSignedIn):
    """Unknown name, wrong password or an account that is off: the answer does not say which."""

    code = "login_refused"


class TokenRefused(AccountError, NotSignedIn):
    """The refresh token is used up, expired, revoked or not one of ours."""

    code = "token_refused"


class TooManyAttempts(AccountError, LimitExceeded):
    """Too many failed log-ins: even the right password is refused until the time is over."""

    code = "locked_out"

    def __init__(self, detail: str = "", *, retry_after: int = 0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ApiTokenRefused(AccountError, NotSignedIn):
    """The API token is unknown, expired or revoked; the answer does not say which."""

    code = "api_token_refused"


class TooManyTokens(AccountError, LimitExceeded):
    """The account has as many API tokens as it may have."""

    code = "too_many_tokens"


class TokenScopeExceeded(AccountError, NotAllowed):
    """An API token was used for something that it may not do."""

    code = "token_scope"


class LastSuperuser(AccountError, Conflict):
    """Without this account nobody could administer the lab."""

    code = "last_superuser"


class ExportNotReady(AccountError, NotFound):
    """The copy of one's data is not written yet, or was removed again."""

    code = "export_not_ready"


class ExportUnderWay(AccountError, Conflict):
    """A copy of one's data is being written already."""

    code = "export_under_way"


class AccountChanged(AccountError, Conflict):
    """Somebody else changed the account at the same time."""

    code = "account_changed"

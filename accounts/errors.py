"""What can go wrong with accounts."""

from algotrade.errors import Conflict, InvalidInput, LabError, LimitExceeded, NotAllowed, NotSignedIn


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


class AccountChanged(AccountError, Conflict):
    """Somebody else changed the account at the same time."""

    code = "account_changed"

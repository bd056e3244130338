"""What can go wrong with accounts."""

from algotrade.errors import InvalidInput


class AccountError(InvalidInput):
    """Root of the errors about accounts."""

    code = "account_invalid"

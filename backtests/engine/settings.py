"""What the configurations of all accounts share: plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, ClassVar, Self

from algotrade.errors import nearest
from backtests.engine.errors import ConfigError


class AccountSettings:
    """Base of frozen dataclasses that check their values when they are made and raise `ConfigError` by field."""

    __slots__ = ()
    foreign: ClassVar[Mapping[str, str]] = {}
    """Settings of the other kind of account, and why they do not act on this one."""

    slippage: float
    spread: float

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values; unknown names, settings of other accounts and bad values are told together."""
        known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        problems = {
            str(name): [
                f"{name} {cls.foreign[name]}"
                if name in cls.foreign
                else f"{name} is not a setting. {nearest(name, known)}"
            ]
            for name in values
            if name not in known
        }
        try:
            made = cls(**{name: value for name, value in values.items() if name in known})
        except ConfigError as error:
            raise ConfigError(fields=problems | error.fields) from None
        if problems:
            raise ConfigError(fields=problems)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `from_dict` reads back to an equal configuration; ready for JSON."""
        return asdict(self)  # type: ignore[call-overload,no-any-return]

    @property
    def impact(self) -> float:
        """What a fill's price moves against the account: slippage plus half the spread."""
        return self.slippage + self.spread / 2.0

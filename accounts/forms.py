"""What is typed about accounts. The services decide; forms carry their answers back to the fields."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import api_tokens, closing
from accounts.errors import LoginRefused, TooManyAttempts
from accounts.models import ApiToken, Scope, User, username_validator
from accounts.services import UserService
from algotrade.forms import refusals_on

PASSWORD_MAX = 256
NEVER = "never"


def _password_rules() -> str:
    """What the settings' validators ask for, in one sentence."""
    lengths = [
        v.min_length for v in get_default_password_validators() if isinstance(v, MinimumLengthValidator)
    ]
    return gettext(
        "At least %(length)d characters; no common password, not only digits, nothing like your name or address."
    ) % {"length": max(lengths, default=1)}


password_rules = lazy(_password_rules, str)


class LoginForm(AuthenticationForm):
    """Username or e-mail address, and password."""

    username = forms.CharField(
        label=_("Username or e-mail address"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=PASSWORD_MAX,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    locked_out: TooManyAttempts | None = None

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password:
            try:
                self.user_cache = UserService.check_credentials(self.request, name=name, password=password)
            except TooManyAttempts as error:
                self.locked_out = error
                raise ValidationError(error.detail, error.code) from error
            except LoginRefused as error:
                raise ValidationError(error.detail, error.code) from error
        return self.cleaned_data


class RegistrationForm(forms.Form):
    """A new account."""

    username = forms.CharField(
        label=_("Username"),
        max_length=40,
        validators=[username_validator],
        help_text=User._meta.get_field("username").help_text,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}
        ),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    full_name = forms.CharField(
        label=_("Full name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=PASSWORD_MAX,
        help_text=password_rules(),
        # What was typed comes back with an error elsewhere, so that nobody types a long password twice.
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )

    def save(self) -> User | None:
        """Make the account; None, with the errors on the form, when that is refused."""
        with refusals_on(self):
            return UserService.register(**self.cleaned_data)
        return None


class ProfileForm(forms.Form):
    """Name and e-mail address."""

    full_name = RegistrationForm.base_fields["full_name"]
    email = RegistrationForm.base_fields["email"]

    def save(self, user: User) -> User | None:
        with refusals_on(self):
            return UserService.update_profile(user, **self.cleaned_data)
        return None


class PasswordForm(forms.Form):
    """A new password, with the present one as proof."""

    current_password = forms.CharField(
        label=_("Current password"),
        strip=False,
        max_length=PASSWORD_MAX,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=PASSWORD_MAX,
        help_text=password_rules(),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def save(self, request: Any) -> User | None:
        with refusals_on(self):
            return UserService.change_password(request.user, **self.cleaned_data, request=request)
        return None


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Where you will use it, such as “notebook” or “nightly runs”."),
    )
    scope = forms.ChoiceField(label=_("Scope"), choices=Scope, initial=Scope.READ, widget=forms.RadioSelect)
    expires_in_days = forms.TypedChoiceField(
        label=_("Expires"),
        choices=[
            ("30", _("in 30 days")),
            ("90", _("in 90 days")),
            ("365", _("in a year")),
            (NEVER, _("never")),
        ],
        coerce=lambda days: None if days == NEVER else int(days),
        empty_value=None,
        initial="90",
    )

    def save(self, user: User) -> tuple[ApiToken, str] | None:
        with refusals_on(self):
            return api_tokens.make(user, **self.cleaned_data)
        return None


class DeleteAccountForm(forms.Form):
    """The password, as proof that it is not a borrowed session that asks."""

    current_password = PasswordForm.base_fields["current_password"]

    def save(self, user: User) -> bool:
        with refusals_on(self):
            closing.close_own(user, self.cleaned_data["current_password"])
            return True
        return False

"""Accounts as the API reads and shows them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api_tokens import LONGEST_DAYS
from accounts.forms import PASSWORD_MAX
from accounts.models import ApiToken, DataExport, Scope, User


class UserSerializer(serializers.ModelSerializer):
    """Who you are."""

    class Meta:
        model = User
        fields = ["id", "username", "email", "full_name", "is_staff", "date_joined"]
        read_only_fields = fields


class ProfileSerializer(serializers.Serializer):
    """What you may change about yourself."""

    full_name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    email = serializers.EmailField(max_length=254, required=False)


class RegistrationSerializer(serializers.Serializer):
    """A new account. The password needs ten characters and must not be a common one."""

    username = serializers.CharField(max_length=40)
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False, write_only=True)
    full_name = serializers.CharField(max_length=120, allow_blank=True, required=False, default="")


class LoginSerializer(serializers.Serializer):
    """`username` takes a username or an e-mail address; `email` may be given instead."""

    username = serializers.CharField(max_length=254, required=False)
    email = serializers.CharField(max_length=254, required=False)
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False, write_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        name = attrs.get("username") or attrs.get("email")
        if not name:
            raise serializers.ValidationError({"username": [_("Give a username or an e-mail address.")]})
        return {"name": name, "password": attrs["password"]}


class RefreshSerializer(serializers.Serializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4096, write_only=True)


class TokenPairSerializer(serializers.Serializer):
    """`access` goes into the header `Authorization: Bearer ...`; `refresh` buys the next pair, once."""

    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


class PasswordSerializer(serializers.Serializer):
    """The present password as proof, and the next one."""

    current_password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False, write_only=True)
    new_password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False, write_only=True)


class ProofSerializer(serializers.Serializer):
    """The password, as proof that it is not a borrowed token that asks."""

    current_password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False, write_only=True)


class ApiTokenSerializer(serializers.ModelSerializer):
    """An API token without its secret, of which the lab keeps a hash; `hint` is how it begins."""

    scope = serializers.ChoiceField(choices=Scope.choices, read_only=True)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "scope", "hint", "created_at", "expires_at", "last_used_at"]
        read_only_fields = fields


class NewApiTokenSerializer(serializers.Serializer):
    """A token to make. Without `expires_in_days` it does not expire."""

    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(choices=Scope.choices, default=Scope.READ)
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, required=False, allow_null=True, default=None
    )


class MadeApiTokenSerializer(ApiTokenSerializer):
    """A token that was just made. `token` is shown this once."""

    token = serializers.CharField(read_only=True)

    class Meta(ApiTokenSerializer.Meta):
        fields = [*ApiTokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


class DataExportSerializer(serializers.ModelSerializer):
    """A copy of everything you own; `status` is its job's."""

    job = serializers.UUIDField(source="job_id", read_only=True, allow_null=True)

    class Meta:
        model = DataExport
        fields = ["id", "status", "size", "created_at", "finished_at", "expires_at", "job", "error_detail"]
        read_only_fields = fields

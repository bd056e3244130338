"""Accounts as the API reads and shows them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.forms import PASSWORD_MAX
from accounts.models import User


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

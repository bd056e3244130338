"""The rule language over the API: what it has, and a check that stores nothing."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from algotrade.serializers import KnownFieldsMixin
from strategies.rules.answers import checked, language
from strategies.rules.limits import MOST_CHARACTERS

TOLERATED = 2 * MOST_CHARACTERS
"""Longer texts than a rule may be are read, so that the answer can say so with the place."""


class RulesSerializer(KnownFieldsMixin, serializers.Serializer):
    """The parameters of a strategy of type "rules"."""

    long_entry = serializers.CharField(required=False, allow_blank=True, max_length=TOLERATED)
    long_exit = serializers.CharField(required=False, allow_blank=True, max_length=TOLERATED)
    short_entry = serializers.CharField(required=False, allow_blank=True, max_length=TOLERATED)
    short_exit = serializers.CharField(required=False, allow_blank=True, max_length=TOLERATED)
    size = serializers.CharField(required=False, allow_blank=True, max_length=TOLERATED)
    values = serializers.DictField(
        required=False,
        help_text="Named values: an object of value, minimum, maximum and, if wanted, step and label, by name.",
    )


class RuleAnswerSerializer(serializers.Serializer):
    """What a check found."""

    ok = serializers.BooleanField(help_text="Whether a strategy with these parameters can be saved.")
    rules = serializers.DictField(
        child=serializers.DictField(),
        help_text="By rule: `ok` with the rule in `words`, or `message` with `place`, `line`, `column`, and "
        "`start` and `end` in characters from 0; `unknown` is a name that may be meant as a named value.",
    )
    values = serializers.DictField(child=serializers.CharField(), help_text="A message by named value.")
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What is allowed and perhaps not meant."
    )
    warmup = serializers.IntegerField(allow_null=True, help_text="Bars before the first possible decision.")


class ArgumentSerializer(serializers.Serializer):
    """An argument of a function of the language."""

    name = serializers.CharField()
    takes = serializers.CharField()
    default = serializers.JSONField(allow_null=True, help_text="Null: it must be given.")
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)
    help = serializers.CharField()


class FunctionSerializer(serializers.Serializer):
    """A function of the language."""

    name = serializers.CharField()
    group = serializers.CharField()
    written = serializers.CharField(help_text="With its arguments and their defaults.")
    help = serializers.CharField()
    example = serializers.CharField()
    gives = serializers.CharField(help_text="condition or number.")
    unit = serializers.CharField(help_text="Empty: that of its source.")
    arguments = ArgumentSerializer(many=True)


class GroupSerializer(serializers.Serializer):
    """A group of functions."""

    key = serializers.CharField()
    label = serializers.CharField()


class ColumnSerializer(serializers.Serializer):
    """A name with one value a bar."""

    name = serializers.CharField()
    help = serializers.CharField()


class RuleExampleSerializer(serializers.Serializer):
    """Rules and values to begin from."""

    key = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField()
    rules = serializers.DictField(child=serializers.CharField())
    values = serializers.DictField(child=serializers.DictField())


class LanguageSerializer(serializers.Serializer):
    """Everything a rule may use."""

    groups = GroupSerializer(many=True)
    functions = FunctionSerializer(many=True)
    columns = ColumnSerializer(many=True)
    examples = RuleExampleSerializer(many=True)


class RuleCheckView(APIView):
    """Check rules without saving them."""

    @extend_schema(
        request=RulesSerializer,
        responses=RuleAnswerSerializer,
        summary="Check rules",
        description="Answers 200 also for rules with errors: the answer says what and where they are.",
    )
    def post(self, request: Request) -> Response:
        asked = RulesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        parameters: dict[str, Any] = dict(asked.validated_data)
        return Response(checked(parameters))


class RuleLanguageView(APIView):
    """What rules are made of."""

    @extend_schema(responses=LanguageSerializer, summary="List the functions of the rule language")
    def get(self, request: Request) -> Response:
        return Response(language())

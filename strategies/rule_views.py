"""The check of rules while they are typed, for the strategy form."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from strategies.forms import PREFIX, NamedValuesField
from strategies.rules import ROLES
from strategies.rules.answers import checked


@login_required
@require_POST
def check_rules(request: HttpRequest) -> JsonResponse:
    """The fields of the strategy form in, what is wrong with its rules out. Nothing is stored or computed."""
    parameters: dict[str, Any] = {role: request.POST.get(PREFIX + role, "") for role in ROLES}
    try:
        parameters["values"] = NamedValuesField.read(request.POST.get(f"{PREFIX}values", ""))
    except ValueError as error:
        return JsonResponse({**checked(parameters), "ok": False, "values": {"": str(error)}})
    return JsonResponse(checked(parameters))

"""What all pages of models share."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers

from mlmodels.models import MLModel

NAV = {"nav": "models"}
EQUITY = "equity"
"""What the CSV of a page calls the lines of growth, beside the keys of its curves."""


def own(request: HttpRequest, pk: int) -> MLModel:
    """The user's model of that number, or 404."""
    models = MLModel.objects.for_user(request.user).select_related("job", "series", "drift_job")
    return get_object_or_404(models, pk=pk)


def page_or_fragment(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """One address, two answers: a browser going back must not show the fragment as a page."""
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response

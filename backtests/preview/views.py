"""The preview for pages: JSON in, JSON out. The trial is counted after the answer has left."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from algotrade.api import error_body, error_headers, status_of
from algotrade.errors import InvalidInput, LabError
from algotrade.forms import REFUSED
from backtests.preview.errors import PreviewWarming
from backtests.preview.service import PreviewService

NAMES = ("strategy_type", "parameters", "symbol", "other_symbols", "timeframe", "initial_capital", "known")


class AnswerFirst(JsonResponse):
    """JSON that does something once it is sent: the server closes a response after its last byte."""

    def __init__(self, data: Any, *, then: Callable[[], None]) -> None:
        super().__init__(data)
        self._then = then

    def close(self) -> None:
        try:
            self._then()
        finally:
            super().close()


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the strategy of the form would have done; 422 with messages by field where it cannot be computed."""
    try:
        made = PreviewService.preview(user=request.user, **_asked(request))
    except LabError as error:
        return JsonResponse(error_body(error), status=_status(error), headers=error_headers(error))
    return AnswerFirst(made.answer, then=made.record)


def _status(error: LabError) -> int:
    """As everywhere, but a page is told apart what its form must change (422) and what only needs patience (202)."""
    if isinstance(error, PreviewWarming):
        return 202
    return REFUSED if isinstance(error, InvalidInput) else status_of(error)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What was sent, by name; what is missing or no object at all is told by the service, field by field."""
    # Anything else has not passed the boundary against hostile JSON, and a form was read already.
    is_json = request.content_type == "application/json"
    try:
        sent = json.loads(request.body or b"{}") if is_json else {}
    except ValueError:
        sent = {}
    given = sent if isinstance(sent, dict) else {}
    return {"strategy_type": "", "symbol": ""} | {name: given[name] for name in NAMES if name in given}

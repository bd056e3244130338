"""The API of sweeps: ask for one, read its cells sorted or as a map, run one of them."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from algotrade.jobs.api.serializers import AcceptedSerializer, accepted
from algotrade.jobs.models import Job
from backtests.api import sweep_serializers as forms
from backtests.api.filters import SweepFilter
from backtests.models import Sweep
from backtests.models.sweep import SweepQuerySet
from backtests.optimize.result import SWEEP_METRICS
from backtests.sweeps import maps, one_cell, presentation
from backtests.sweeps.jobs import CHECK_KIND
from backtests.sweeps.services import SweepService

NOT_COUNTED = ("series", "start_date", "end_date", "objective")
PAGE = ("page", "page_size")
CELL = r"cells/(?P<cell>\d{1,9})"
SORT = OpenApiParameter("sort", str, description="A figure, an axis or `cell`; `-` before it for downwards.")
MAP = [
    OpenApiParameter("x", str, description="Axis along the columns; without it the first."),
    OpenApiParameter("y", str, description="Axis along the rows; empty for a line over x."),
    OpenApiParameter("metric", str, enum=SWEEP_METRICS, description="Without it the sweep's objective."),
    OpenApiParameter(
        "how", str, enum=("best", "median"), description="What several cells of a square become."
    ),
    OpenApiParameter(
        "at",
        str,
        many=True,
        description="Holds another axis at one value: its name, a colon, the value's number.",
    ),
]
NO_LIST: dict[str, Any] = {"filterset_class": None, "filter_backends": [], "pagination_class": None}


@extend_schema_view(
    list=extend_schema(summary="List your sweeps", description="Your sweeps, newest first."),
    retrieve=extend_schema(
        summary="Read a sweep",
        description="What was varied, with which settings, and its ten best combinations.",
    ),
    destroy=extend_schema(
        summary="Delete a sweep", description="With its cells; one that still runs is stopped."
    ),
)
class SweepViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """Your sweeps."""

    queryset = Sweep.objects.none()
    filterset_class = SweepFilter
    ordering_fields = SweepQuerySet.sortable
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Sweep]:
        sweeps = Sweep.objects.for_user(self.request.user)
        if self.action == "list":
            return sweeps.summaries().defer("error_detail")
        return sweeps.select_related("job", "snapshot", "series", "user")

    def get_serializer_class(self) -> type[Any]:
        return forms.SweepSummarySerializer if self.action == "list" else forms.SweepSerializer

    @extend_schema(
        summary="Start a sweep", request=forms.SweepRequestSerializer, responses={202: AcceptedSerializer}
    )
    def create(self, request: Request) -> Response:
        """Try many combinations on the same bars. Answers at once; each combination counts as a trial."""
        asked = forms.SweepRequestSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        return _accepted(SweepService.submit(user=request.user, **asked.validated_data))

    @extend_schema(
        summary="Count combinations", request=forms.SweepRequestSerializer, responses=forms.CountSerializer
    )
    @action(detail=False, methods=["post"], **NO_LIST)
    def count(self, request: Request) -> Response:
        """How many combinations a sweep would try and about how many can be run; nothing is stored."""
        asked = forms.SweepRequestSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        space = {name: value for name, value in asked.validated_data.items() if name not in NOT_COUNTED}
        return Response(forms.CountSerializer(SweepService.count(user=request.user, **space)).data)

    @extend_schema(summary="Repeat a sweep", request=None, responses={202: AcceptedSerializer})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: str | None = None) -> Response:
        """Run exactly the same again, as a new sweep: it has the same bytes."""
        return _accepted(SweepService.rerun(self.get_object()))

    @extend_schema(summary="Cancel a sweep", request=None, responses={202: AcceptedSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Ask a waiting or running sweep to stop; it ends within about two seconds and leaves nothing."""
        return _accepted(SweepService.cancel(self.get_object()))

    @extend_schema(summary="List cells", parameters=[SORT], responses=forms.CellSerializer(many=True))
    @action(detail=True, filterset_class=None, filter_backends=[])
    def cells(self, request: Request, pk: str | None = None) -> Response:
        """The combinations page by page, best first unless `sort` says otherwise; those without a value come last."""
        sweep = self.get_object()
        _refuse_unknown(request, ("sort", *PAGE))
        cells = SweepService.cells(sweep)
        sort = request.query_params.get("sort") or cells.best_first(sweep.objective)
        cells.page(sort, 0, 0)  # an unknown column is refused before a page of it is
        places = self.paginate_queryset(range(len(cells)))
        numbers = cells.page(sort, places[0], places[-1] + 1) if places else []
        rows = [cells.row(number) for number in numbers]
        return self.get_paginated_response(forms.CellSerializer(rows, many=True).data)

    @extend_schema(summary="Read a map", parameters=MAP, responses=forms.HeatmapSerializer)
    @action(detail=True, **NO_LIST)
    def heatmap(self, request: Request, pk: str | None = None) -> Response:
        """One figure over two axes, or over one; what is not held at a value is summed up as `how` says."""
        sweep = self.get_object()
        _refuse_unknown(request, maps.PARAMETERS)
        return Response(forms.HeatmapSerializer(maps.map_json(sweep, request.query_params)).data)

    @extend_schema(
        summary="Download all cells", parameters=[SORT], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    @action(detail=True, **NO_LIST)
    def csv(self, request: Request, pk: str | None = None) -> StreamingHttpResponse:
        """Every combination with all its figures."""
        sweep = self.get_object()
        _refuse_unknown(request, ("sort",))
        return maps.cells_csv(sweep, request.query_params.get("sort", ""))

    @extend_schema(summary="Read a cell", responses=forms.OneCellSerializer)
    @action(detail=True, url_path=CELL, **NO_LIST)
    def cell(self, request: Request, pk: str | None = None, cell: str = "") -> Response:
        """One combination with all parameters and settings it stands for, or why it cannot be run."""
        sweep = self.get_object()
        cells, number = one_cell.the_cell(sweep, int(cell))
        row = cells.row(number)
        refusal = presentation.refusal_of(sweep, row)
        parameters, config = (None, None) if refusal else one_cell.settings_of(sweep, row["values"])
        settings = config.to_dict() if config is not None else None
        body = {**row, "refusal": refusal, "parameters": parameters, "configuration": settings}
        return Response(forms.OneCellSerializer(body).data)

    @extend_schema(summary="Run a cell", request=None, responses={202: AcceptedSerializer})
    @action(detail=True, methods=["post"], url_path=rf"{CELL}/run", **NO_LIST)
    def run_cell(self, request: Request, pk: str | None = None, cell: str = "") -> Response:
        """One combination as a full backtest, on the same bytes of data."""
        result = one_cell.run_cell(self.get_object(), int(cell))
        return accepted(result.job, made=result.pk, url=reverse("backtest-detail", args=[result.pk]))

    @extend_schema(
        methods=["POST"], summary="Check a cell", request=None, responses={202: AcceptedSerializer}
    )
    @extend_schema(
        methods=["GET"],
        summary="Read a check",
        parameters=[
            OpenApiParameter("job", OpenApiTypes.UUID, required=True, description="The job of the check.")
        ],
        responses=forms.CheckSerializer,
    )
    @action(detail=True, methods=["post", "get"], url_path=rf"{CELL}/check", **NO_LIST)
    def check_cell(self, request: Request, pk: str | None = None, cell: str = "") -> Response:
        """Run one combination alone, and say whether it gives the same bytes in every figure."""
        sweep, number = self.get_object(), int(cell)
        if request.method == "POST":
            job = one_cell.check_cell(sweep, number)
            where = reverse("sweep-check-cell", args=[sweep.pk, number])
            return accepted(job, url=f"{where}?job={job.pk}")
        one_cell.the_cell(sweep, number)
        job = one_cell.require_check_of(_named_job(request), sweep, number)
        outcome = job.payload.get("outcome") or {}
        body = {
            "status": job.state,
            "identical": outcome.get("identical"),
            "differences": outcome.get("differences", []),
            "engine": outcome.get("engine", ""),
        }
        return Response(forms.CheckSerializer(body).data)

    def perform_destroy(self, instance: Sweep) -> None:
        SweepService.delete([instance])


def _named_job(request: Request) -> Job:
    try:
        key = uuid.UUID(request.query_params.get("job", ""))
    except ValueError:
        key = uuid.UUID(int=0)
    return get_object_or_404(Job.objects.for_user(request.user).filter(kind=CHECK_KIND), pk=key)


def _refuse_unknown(request: Request, known: tuple[str, ...]) -> None:
    """A parameter that would be ignored is refused, because ignoring it would answer another question."""
    problems = maps.check_parameters(request.query_params, (*known, "format"))
    if problems:
        raise serializers.ValidationError(problems)


def _accepted(sweep: Sweep) -> Response:
    return accepted(sweep.job, made=sweep.pk, url=reverse("sweep-detail", args=[sweep.pk]))

"""The API's doors for bars: uploads, imports, downloads, generated series."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from algotrade.jobs.api.serializers import AcceptedSerializer, accepted
from algotrade.jobs.computed import ComputedService
from algotrade.parsers import CheckedMultiPartParser
from marketdata.api import incoming
from marketdata.api.filters import ImportFilter
from marketdata.exports import problems_response
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import plan_import, submit_file
from marketdata.incoming.submissions import forget_upload, keep_upload, submit_fetch, submit_generation
from marketdata.models import BarImport, Upload

TAGS = ["market data"]
UUID_PATTERN = r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"


def accepted_import(row: BarImport) -> Response:
    """202 for a queued import, pointing to it."""
    assert row.job is not None  # queueing made it
    return accepted(row.job, made=row.pk, url=reverse("import-detail", args=[row.pk]))


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Files that wait to be imported"),
    destroy=extend_schema(tags=TAGS, summary="Throw an uploaded file away"),
)
class UploadViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    """Files on their way into a series: sent once, looked at, then imported as often as it takes."""

    queryset = Upload.objects.none()
    serializer_class = incoming.UploadSerializer
    parser_classes = [CheckedMultiPartParser, JSONParser]
    ordering_fields = ["created_at", "size"]
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[Upload]:
        return Upload.objects.for_user(self.request.user)

    @extend_schema(
        tags=TAGS,
        summary="Upload a file",
        description="Answers with what was recognised in it and its first rows as they would be read.",
        request={"multipart/form-data": incoming.UploadFileSerializer},
        responses={201: incoming.UploadDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        serializer = incoming.UploadFileSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        upload = keep_upload(request.user, serializer.validated_data["file"])
        where = reverse("upload-detail", args=[upload.pk])
        body = self._described(upload)
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": where})

    @extend_schema(
        tags=TAGS, summary="One upload, with its first rows", responses=incoming.UploadDetailSerializer
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self._described(self.get_object()))

    @extend_schema(
        tags=TAGS,
        summary="The first rows as they would be read with these options",
        request=incoming.FileOptionsSerializer,
        responses=incoming.PlanSerializer,
    )
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        upload = self.get_object()
        serializer = incoming.FileOptionsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        plan = plan_import(request.user, upload, serializer.options())
        return Response(incoming.PlanSerializer(incoming.plan_body(plan)).data)

    def perform_destroy(self, instance: Upload) -> None:
        forget_upload(instance)

    def _described(self, upload: Upload) -> Any:
        plan = plan_import(self.request.user, upload, FileOptions())
        return incoming.UploadDetailSerializer(upload, context={"plan": plan}).data


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Everything that came in, or tried to"),
    retrieve=extend_schema(tags=TAGS, summary="One import with its report"),
)
class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Bars coming into series: files, downloads, generated and computed series."""

    queryset = BarImport.objects.none()
    serializer_class = incoming.ImportSerializer
    filterset_class = ImportFilter
    parser_classes = [CheckedMultiPartParser, JSONParser]
    ordering_fields = ["created_at", "finished_at"]
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[BarImport]:
        rows = BarImport.objects.for_user(self.request.user).select_related("job")
        return rows.summaries() if self.action == "list" else rows

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return incoming.ImportDetailSerializer
        return incoming.ImportSerializer

    @extend_schema(
        tags=TAGS,
        summary="Import a file",
        description="Queues a job. Send the file itself as a form, or JSON that names an upload. A file with "
        "problems fails as a whole, unless `policy` says otherwise: each problem is listed with its line, column, "
        "value and reason, and nothing is stored. Importing the same file again changes nothing.",
        request={
            "multipart/form-data": incoming.ImportFileSerializer,
            "application/json": incoming.ImportRequestSerializer,
        },
        responses={202: AcceptedSerializer},
    )
    def create(self, request: Request) -> Response:
        if (request.content_type or "").startswith("multipart/"):
            form = incoming.ImportFileSerializer(data=request.data)
            form.is_valid(raise_exception=True)
            file = form.validated_data["file"]
            return accepted_import(submit_file(owner=request.user, file=file, options=form.options()))
        body = incoming.ImportRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        upload = get_object_or_404(Upload.objects.for_user(request.user), pk=body.validated_data["upload"])
        return accepted_import(submit_file(owner=request.user, upload=upload, options=body.options()))

    @extend_schema(
        tags=TAGS,
        summary="The located problems of its file",
        responses=incoming.FileProblemSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def problems(self, request: Request, pk: str) -> Response:
        return Response(incoming.FileProblemSerializer(self.get_object().problems, many=True).data)

    @extend_schema(
        tags=TAGS,
        summary="The located problems of its file, as CSV",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="One problem a line.")},
    )
    @action(detail=True, methods=["get"], url_path="problems.csv")
    def problems_csv(self, request: Request, pk: str) -> HttpResponseBase:
        return problems_response(self.get_object())

    @extend_schema(
        tags=TAGS,
        summary="The stored values that it contradicted",
        responses=incoming.ConflictSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def conflicts(self, request: Request, pk: str) -> Response:
        return Response(incoming.ConflictSerializer(self.get_object().conflicts, many=True).data)

    @extend_schema(
        tags=TAGS, summary="Cancel an import", request=None, responses={202: incoming.ImportSerializer}
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Ask it to stop; nothing of it is stored."""
        row = ComputedService.cancel(self.get_object())
        return Response(incoming.ImportSerializer(row).data, status=status.HTTP_202_ACCEPTED)


class FetchView(APIView):
    """Downloads from providers."""

    @extend_schema(
        tags=TAGS,
        summary="Fetch a series from a provider",
        request=incoming.FetchSerializer,
        responses={202: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = incoming.FetchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return accepted_import(submit_fetch(owner=request.user, **serializer.validated_data))


class SyntheticView(APIView):
    """Generated series."""

    @extend_schema(
        tags=TAGS,
        summary="Generate a synthetic series",
        request=incoming.SyntheticSerializer,
        responses={202: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = incoming.SyntheticSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = {key: serializer.validated_data[key] for key in ("symbol", "name")}
        return accepted_import(submit_generation(owner=request.user, spec=serializer.spec(), **given))

"""The API's doors for imports: files that are brought in, generated series, and how each import went."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from algotrade.jobs.api.serializers import AcceptedSerializer
from algotrade.jobs.computed import ComputedService
from algotrade.parsers import CheckedMultiPartParser
from marketdata.api.filters import ImportFilter
from marketdata.api.serializers.files import ImportFileSerializer, ImportRequestSerializer
from marketdata.api.serializers.imports import (
    ConflictSerializer,
    FileProblemSerializer,
    ImportDetailSerializer,
    ImportSerializer,
)
from marketdata.api.serializers.synthetic import SyntheticSerializer
from marketdata.api.views.base import ID_PATTERN, TAGS, accepted_import, checked
from marketdata.exports import problems_response
from marketdata.incoming.planning import submit_file
from marketdata.incoming.submissions import submit_generation
from marketdata.models import BarImport, Upload


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Everything that came in, or tried to"),
    retrieve=extend_schema(tags=TAGS, summary="One import with its report"),
)
class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Bars coming into series: files, downloads, generated and computed series."""

    queryset = BarImport.objects.none()
    serializer_class = ImportSerializer
    filterset_class = ImportFilter
    parser_classes = [CheckedMultiPartParser, JSONParser]
    ordering_fields = ["created_at", "finished_at"]
    lookup_value_regex = ID_PATTERN

    def get_queryset(self) -> QuerySet[BarImport]:
        rows = BarImport.objects.for_user(self.request.user).select_related("job")
        return rows.summaries() if self.action == "list" else rows

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return ImportDetailSerializer
        return ImportSerializer

    @extend_schema(
        tags=TAGS,
        summary="Import a file",
        description="Queues a job. Send the file itself as a form, or JSON that names an upload. A file with "
        "problems fails as a whole, unless `policy` says otherwise: each problem is listed with its line, column, "
        "value and reason, and nothing is stored. Importing the same file again changes nothing.",
        request={
            "multipart/form-data": ImportFileSerializer,
            "application/json": ImportRequestSerializer,
        },
        responses={202: AcceptedSerializer},
    )
    def create(self, request: Request) -> Response:
        if (request.content_type or "").startswith("multipart/"):
            form = checked(ImportFileSerializer, request.data)
            file = form.validated_data["file"]
            return accepted_import(submit_file(owner=request.user, file=file, options=form.options()))
        body = checked(ImportRequestSerializer, request.data)
        upload = get_object_or_404(Upload.objects.for_user(request.user), pk=body.validated_data["upload"])
        return accepted_import(submit_file(owner=request.user, upload=upload, options=body.options()))

    @extend_schema(
        tags=TAGS,
        summary="The located problems of its file",
        responses=FileProblemSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def problems(self, request: Request, pk: str) -> Response:
        return Response(FileProblemSerializer(self.get_object().problems, many=True).data)

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
        responses=ConflictSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def conflicts(self, request: Request, pk: str) -> Response:
        return Response(ConflictSerializer(self.get_object().conflicts, many=True).data)

    @extend_schema(tags=TAGS, summary="Cancel an import", request=None, responses={202: ImportSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Ask it to stop; nothing of it is stored."""
        row = ComputedService.cancel(self.get_object())
        return Response(ImportSerializer(row).data, status=status.HTTP_202_ACCEPTED)


class SyntheticView(APIView):
    """Generated series."""

    @extend_schema(
        tags=TAGS,
        summary="Generate a synthetic series",
        request=SyntheticSerializer,
        responses={202: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = checked(SyntheticSerializer, request.data)
        given = {key: serializer.validated_data[key] for key in ("symbol", "name")}
        return accepted_import(submit_generation(owner=request.user, spec=serializer.spec(), **given))

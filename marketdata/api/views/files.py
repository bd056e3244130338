"""The API's doors for files: uploads, and how they would be read."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from algotrade.parsers import CheckedMultiPartParser
from marketdata.api.serializers.files import (
    FileOptionsSerializer,
    PlanSerializer,
    UploadDetailSerializer,
    UploadFileSerializer,
    UploadSerializer,
    plan_body,
)
from marketdata.api.views.base import TAGS, checked
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import plan_import
from marketdata.incoming.submissions import forget_upload, keep_upload
from marketdata.models import Upload

UUID_PATTERN = r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Files that wait to be imported"),
    destroy=extend_schema(tags=TAGS, summary="Throw an uploaded file away"),
)
class UploadViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    """Files on their way into a series: sent once, looked at, then imported as often as it takes."""

    queryset = Upload.objects.none()
    serializer_class = UploadSerializer
    parser_classes = [CheckedMultiPartParser, JSONParser]
    ordering_fields = ["created_at", "size"]
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[Upload]:
        return Upload.objects.for_user(self.request.user)

    @extend_schema(
        tags=TAGS,
        summary="Upload a file",
        description="Answers with what was recognised in it and its first rows as they would be read.",
        request={"multipart/form-data": UploadFileSerializer},
        responses={201: UploadDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        serializer = checked(UploadFileSerializer, request.data)
        upload = keep_upload(request.user, serializer.validated_data["file"])
        where = reverse("upload-detail", args=[upload.pk])
        body = self._described(upload)
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": where})

    @extend_schema(tags=TAGS, summary="One upload, with its first rows", responses=UploadDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self._described(self.get_object()))

    @extend_schema(
        tags=TAGS,
        summary="The first rows as they would be read with these options",
        request=FileOptionsSerializer,
        responses=PlanSerializer,
    )
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        upload = self.get_object()
        serializer = checked(FileOptionsSerializer, request.data)
        plan = plan_import(request.user, upload, serializer.options())
        return Response(PlanSerializer(plan_body(plan)).data)

    def perform_destroy(self, instance: Upload) -> None:
        forget_upload(instance)

    def _described(self, upload: Upload) -> Any:
        plan = plan_import(self.request.user, upload, FileOptions())
        return UploadDetailSerializer(upload, context={"plan": plan}).data

"""The API of copies of one's data."""

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import exporting
from accounts.api.account import AccountView
from accounts.api.serializers import DataExportSerializer
from accounts.models import DataExport
from accounts.models.data_export import DataExportQuerySet


class ExportListView(AccountView, ListAPIView):
    serializer_class = DataExportSerializer
    ordering_fields = list(DataExportQuerySet.sortable)

    def get_queryset(self) -> DataExportQuerySet:
        return DataExport.objects.for_user(self.request.user)

    @extend_schema(operation_id="auth_export_list", summary="Copies of your data")
    def get(self, request: Request) -> Response:
        """Copies of your data: one that is being written, or the last one for seven days."""
        return self.list(request)

    @extend_schema(
        operation_id="auth_export_create",
        summary="Write a copy of your data",
        request=None,
        responses={202: DataExportSerializer},
    )
    def post(self, request: Request) -> Response:
        """Have everything you own written into one ZIP file. 409 while one is being written."""
        export = exporting.submit(request.user)
        where = request.build_absolute_uri(reverse("auth-export-detail", args=[export.pk]))
        body = DataExportSerializer(export).data
        return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Location": where})


class ExportView(AccountView):
    @extend_schema(
        operation_id="auth_export", summary="One copy of your data", responses={200: DataExportSerializer}
    )
    def get(self, request: Request, pk: int) -> Response:
        """How a copy stands."""
        return Response(DataExportSerializer(own(request, pk)).data)

    @extend_schema(
        operation_id="auth_export_delete",
        summary="Remove a copy of your data",
        responses={204: OpenApiResponse(description="Removed; one that was being written is stopped.")},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a copy before its time."""
        own(request, pk).discard()
        return Response(status=status.HTTP_204_NO_CONTENT)


class DownloadView(AccountView):
    never_by_token = True

    @extend_schema(
        operation_id="auth_export_download",
        summary="Download a copy of your data",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The file. 404 while it is being written, and when its time is over."""
        return exporting.download(own(request, pk))


def own(request: Request, pk: int) -> DataExport:
    """The user's copy of this number, or a 404."""
    return get_object_or_404(DataExport.objects.for_user(request.user).select_related("user", "job"), pk=pk)

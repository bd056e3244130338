"""The API of jobs: look, cancel, try again. Jobs are made by what they are for, so there is no create."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from algotrade.jobs import services
from algotrade.jobs.api.serializers import JobSerializer
from algotrade.jobs.models import Job


@extend_schema_view(
    list=extend_schema(summary="List your jobs"), retrieve=extend_schema(summary="Read a job")
)
class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Your long work: backtests, imports, trainings."""

    queryset = Job.objects.none()
    serializer_class = JobSerializer
    filterset_fields = ["state", "kind"]
    ordering_fields = ["created_at", "finished_at"]

    def get_queryset(self):
        return Job.objects.for_user(self.request.user)

    @extend_schema(summary="Cancel a job", request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Ask the job to stop; it ends within about two seconds."""
        job = services.request_cancel(self.get_object())
        return Response(self.get_serializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(summary="Try a job again", request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Queue the same work again after it failed or was cancelled."""
        job = services.requeue(self.get_object())
        return Response(self.get_serializer(job).data, status=status.HTTP_202_ACCEPTED)

"""Jobs as the API shows them."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers, status
from rest_framework.response import Response

from algotrade.jobs.models import Job


class JobSerializer(serializers.ModelSerializer):
    """One job: what it is, how far it is, how it ended."""

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "title",
            "state",
            "progress",
            "message",
            "result_url",
            "attempt",
            "cancel_requested_at",
            "error_code",
            "error_detail",
            "timings",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class QueuedJobSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField(help_text="Where the job's progress and end can be asked for.")

    class Meta:
        model = Job
        fields = ["id", "state", "url"]
        read_only_fields = fields

    def get_url(self, job: Job) -> str:
        return reverse("job-detail", args=[job.pk])


class AcceptedSerializer(serializers.Serializer):
    """The one answer to work that was queued, of whatever kind."""

    id = serializers.IntegerField(
        allow_null=True, help_text="Id of what is being made; null where it is made at the end only."
    )
    url = serializers.CharField(help_text="Where to look next, as in the Location header.")
    status = serializers.ChoiceField(choices=Job.State.choices)
    job = QueuedJobSerializer()


def accepted(job: Job, *, made: int | None = None, url: str = "") -> Response:
    """202 for a queued job; `made` and `url` are the row that it fills, else the job itself is pointed to."""
    where = url or reverse("job-detail", args=[job.pk])
    body: dict[str, Any] = {"id": made, "url": where, "status": job.state, "job": job}
    answer = AcceptedSerializer(body).data
    return Response(answer, status=status.HTTP_202_ACCEPTED, headers={"Location": where})

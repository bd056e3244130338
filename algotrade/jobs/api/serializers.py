"""Jobs as the API shows them."""

import uuid
from typing import Any

from django.urls import reverse
from rest_framework import serializers, status
from rest_framework.response import Response

from algotrade.jobs.advice import advice_for
from algotrade.jobs.models import Job
from algotrade.jobs.queueing import Waiting, waiting


class JobListSerializer(serializers.ListSerializer):
    """Many jobs: what those that wait are waiting for is asked once for all."""

    def to_representation(self, data: Any) -> Any:
        jobs = list(data)
        self.child.waits = waiting(jobs)
        return super().to_representation(jobs)


class JobSerializer(serializers.ModelSerializer):
    """One job: what it is, why it waits, how far it is, how it ended and what to do about it."""

    waits: dict[uuid.UUID, Waiting] | None = None

    eta = serializers.FloatField(
        read_only=True, allow_null=True, help_text="Seconds that a running job will probably still take."
    )
    waits_for = serializers.SerializerMethodField(help_text="Why it has not begun; empty once it has.")
    place = serializers.SerializerMethodField(
        help_text="Its place among the jobs that may begin, 1 is next; null where it is not among them."
    )
    advice = serializers.SerializerMethodField(help_text="What to do about a failure, in words.")

    class Meta:
        list_serializer_class = JobListSerializer
        model = Job
        fields = [
            "id",
            "kind",
            "title",
            "state",
            "progress",
            "eta",
            "message",
            "waits_for",
            "place",
            "result_url",
            "attempt",
            "cancel_requested_at",
            "error_code",
            "error_detail",
            "advice",
            "timings",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_waits_for(self, job: Job) -> str:
        found = self._waiting(job)
        return found.reason if found else ""

    def get_place(self, job: Job) -> int | None:
        found = self._waiting(job)
        return found.place if found else None

    def get_advice(self, job: Job) -> str:
        found = advice_for(job.error_code)
        return str(found.text) if found else ""

    def _waiting(self, job: Job) -> Waiting | None:
        if self.waits is None or (job.pk not in self.waits and job.state == Job.State.QUEUED):
            self.waits = waiting([job])
        return self.waits.get(job.pk)


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

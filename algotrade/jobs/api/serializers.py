"""Jobs as the API shows them."""

from rest_framework import serializers

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

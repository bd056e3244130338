"""Socket addresses."""

from django.urls import path, re_path

from algotrade.jobs.consumers import JobConsumer, NoSuchRoom

websocket_urlpatterns = [
    path("ws/jobs/", JobConsumer.as_asgi()),
    path("ws/jobs/all/", JobConsumer.as_asgi(), {"of_all": True}),
    path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi()),
    re_path(r"", NoSuchRoom.as_asgi()),
]

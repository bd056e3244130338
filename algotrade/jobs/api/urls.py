"""API routes about jobs."""

from rest_framework.routers import SimpleRouter

from algotrade.jobs.api.views import JobViewSet

router = SimpleRouter()
router.register("jobs", JobViewSet, basename="job")

urlpatterns = router.urls

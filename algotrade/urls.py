"""Where every address goes: pages by app, the API under /api/, the admin, health."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from algotrade import health
from algotrade.observing import door
from backtests.preview.api import PreviewView

api = [
    path("", include("accounts.api.urls")),
    path("", include("marketdata.api.urls")),
    # Before the strategies, whose addresses would take "preview" for the number of one.
    path("strategies/preview/", PreviewView.as_view(), name="strategy-preview"),
    path("", include("strategies.api.urls")),
    path("", include("mlmodels.api.urls")),
    path("", include("backtests.api.urls")),
    path("", include("algotrade.jobs.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]

urlpatterns = [
    path("health", health.live, name="health"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", door.metrics, name="metrics"),
    path("api/", include(api)),
    # One door for one's own password, which counts wrong ones.
    path(
        "admin/password_change/",
        login_required(RedirectView.as_view(pattern_name="accounts:profile")),
        name="admin-own-password",
    ),
    path("admin/", admin.site.urls),
    path("account/", include("accounts.urls")),
    path("data/", include("marketdata.urls")),
    path("strategies/", include("strategies.urls")),
    path("models/", include("mlmodels.urls")),
    path("jobs/", include("algotrade.jobs.urls")),
    path("", include("backtests.urls")),
]

handler400 = "algotrade.error_pages.bad_request"
handler403 = "algotrade.error_pages.permission_denied"
handler404 = "algotrade.error_pages.not_found"
handler500 = "algotrade.error_pages.server_error"

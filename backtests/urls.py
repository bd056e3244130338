"""Pages of this app, and the dashboard."""

from django.urls import include, path

from backtests import views
from backtests.preview.views import preview

app_name = "backtests"

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("dashboard/latest/", views.latest, name="latest"),
    path("dashboard/jobs/<uuid:pk>/", views.dashboard_job, name="dashboard_job"),
    path("strategies/preview/", preview, name="preview"),
    path("optimise/", include("backtests.sweeps.urls")),
    path("backtests/", views.result_list, name="list"),
    path("backtests/new/", views.create, name="create"),
    path("backtests/delete/", views.delete_many, name="delete_many"),
    path("backtests/export.csv", views.results_csv, name="export"),
    path("backtests/for-strategy/<int:pk>/", views.recent_for_strategy, name="recent_for_strategy"),
    path("backtests/<int:pk>/", views.detail, name="detail"),
    path("backtests/<int:pk>/delete/", views.delete, name="delete"),
    path("backtests/<int:pk>/rerun/", views.rerun, name="rerun"),
    path("backtests/<int:pk>/equity.json", views.equity_data, name="equity_data"),
    path("backtests/<int:pk>/candles.json", views.candles_data, name="candles_data"),
    path("backtests/<int:pk>/trades.csv", views.trades_csv, name="trades_csv"),
    path("backtests/<int:pk>/equity.csv", views.equity_csv, name="equity_csv"),
    path("backtests/<int:pk>/retraining.csv", views.retraining_csv, name="retraining_csv"),
]

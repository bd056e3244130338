"""Pages about market data."""

from django.urls import path

from marketdata import views

app_name = "marketdata"

urlpatterns = [
    path("", views.series_list, name="list"),
    path("import/", views.import_csv, name="import"),
    path("generate/", views.generate, name="generate"),
    path("imports/<int:pk>/", views.import_status, name="import_status"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/chart.json", views.chart_data, name="chart_data"),
    path("<int:pk>/bars.csv", views.bars_csv, name="bars_csv"),
    path("<int:pk>/delete/", views.delete, name="delete"),
]

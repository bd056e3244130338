"""Pages about market data."""

from django.urls import path

from marketdata.views import changes, imports, series, wizard

app_name = "marketdata"

urlpatterns = [
    path("", series.series_list, name="list"),
    path("import/", wizard.choose, name="import"),
    path("import/<uuid:pk>/", wizard.read, name="import_reading"),
    path("import/<uuid:pk>/preview/", wizard.preview, name="import_preview"),
    path("import/<uuid:pk>/discard/", wizard.discard, name="import_discard"),
    path("fetch/", changes.fetch, name="fetch"),
    path("generate/", series.generate, name="generate"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/<int:pk>/", imports.import_status, name="import_status"),
    path("imports/<int:pk>/problems.csv", imports.problems_csv, name="import_problems"),
    path("<int:pk>/", series.detail, name="detail"),
    path("<int:pk>/chart.json", series.chart_data, name="chart_data"),
    path("<int:pk>/bars.csv", series.bars_csv, name="bars_csv"),
    path("<int:pk>/edit/", changes.edit, name="edit"),
    path("<int:pk>/restore/", changes.restore, name="restore"),
    path("<int:pk>/adjust-splits/", changes.adjust_splits, name="adjust_splits"),
    path("<int:pk>/resample/", changes.resample, name="resample"),
    path("<int:pk>/feed/", changes.feed, name="feed"),
    path("<int:pk>/feed/refresh/", changes.feed_refresh, name="feed_refresh"),
    path("<int:pk>/feed/switch/", changes.feed_switch, name="feed_switch"),
    path("<int:pk>/feed/delete/", changes.feed_delete, name="feed_delete"),
    path("<int:pk>/delete/", series.delete, name="delete"),
]

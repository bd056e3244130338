"""Pages of this app."""

from django.urls import path

from mlmodels.views import lists, pages, training

app_name = "mlmodels"

urlpatterns = [
    path("", lists.model_list, name="list"),
    path("new/", training.create, name="create"),
    path("new/foresee/", training.foresee, name="foresee"),
    path("compare/", lists.compare, name="compare"),
    path("compare.csv", lists.compare_csv, name="compare_csv"),
    path("compare/curves/", lists.compare_curves, name="compare_curves"),
    path("compare/equity/", lists.compare_equity, name="compare_equity"),
    path("<int:pk>/", pages.detail, name="detail"),
    path("<int:pk>/curves/", pages.curves, name="curves"),
    path("<int:pk>/curves.csv", pages.curves_csv, name="curves_csv"),
    path("<int:pk>/equity/", pages.equity_data, name="equity_data"),
    path("<int:pk>/download/", pages.download, name="download"),
    path("<int:pk>/stage/", pages.stage, name="stage"),
    path("<int:pk>/note/", pages.note, name="note"),
    path("<int:pk>/drift/", pages.drift, name="drift"),
    path("<int:pk>/delete/", pages.delete, name="delete"),
]

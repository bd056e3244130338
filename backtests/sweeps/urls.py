"""Pages of sweeps, within the namespace of this app."""

from django.urls import path

from backtests.sweeps import views

urlpatterns = [
    path("", views.sweep_list, name="sweep_list"),
    path("new/", views.sweep_create, name="sweep_create"),
    path("new/count/", views.sweep_count, name="sweep_count"),
    path("<int:pk>/", views.sweep_detail, name="sweep_detail"),
    path("<int:pk>/delete/", views.sweep_delete, name="sweep_delete"),
    path("<int:pk>/rerun/", views.sweep_rerun, name="sweep_rerun"),
    path("<int:pk>/map.json", views.sweep_map, name="sweep_map"),
    path("<int:pk>/map.csv", views.sweep_map_csv, name="sweep_map_csv"),
    path("<int:pk>/cells.csv", views.sweep_cells_csv, name="sweep_cells_csv"),
    path("<int:pk>/cells/<int:cell>/", views.sweep_cell, name="sweep_cell"),
    path("<int:pk>/cells/<int:cell>/run/", views.sweep_cell_run, name="sweep_cell_run"),
    path("<int:pk>/cells/<int:cell>/save/", views.sweep_cell_save, name="sweep_cell_save"),
    path("<int:pk>/cells/<int:cell>/check/", views.sweep_cell_check, name="sweep_cell_check"),
]

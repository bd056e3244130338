"""Pages of this app."""

from django.urls import path

from strategies import rule_views, views

app_name = "strategies"

urlpatterns = [
    path("", views.strategy_list, name="list"),
    path("new/", views.pick_type, name="create"),
    path("new/<str:strategy_type>/", views.create, name="create_of_type"),
    path("rules/check/", rule_views.check_rules, name="check_rules"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/duplicate/", views.duplicate, name="duplicate"),
    path("<int:pk>/delete/", views.delete, name="delete"),
]

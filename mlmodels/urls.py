"""Pages of this app."""

from django.urls import path

from mlmodels import views

app_name = "mlmodels"

urlpatterns = [
    path("", views.model_list, name="list"),
    path("new/", views.create, name="create"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/delete/", views.delete, name="delete"),
]

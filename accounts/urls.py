"""Pages of this app."""

from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.logout, name="logout"),
    path("register/", views.register, name="register"),
    path("profile/", views.profile, name="profile"),
    path("end-access/", views.end_access, name="end_access"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", views.token_revoke, name="token_revoke"),
    path("data/", views.data, name="data"),
    path("data/export/", views.export_create, name="export_create"),
    path("data/export/<int:pk>/", views.export_download, name="export_download"),
    path("data/export/<int:pk>/delete/", views.export_delete, name="export_delete"),
    path("delete/", views.delete_account, name="delete"),
]

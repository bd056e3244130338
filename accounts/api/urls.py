"""API routes of this app."""

from django.urls import path

from accounts.api import account, exports, tickets, tokens, views

urlpatterns = [
    path("auth/register/", views.RegisterView.as_view(), name="auth-register"),
    path("auth/login/", views.LoginView.as_view(), name="auth-login"),
    path("auth/refresh/", views.RefreshView.as_view(), name="auth-refresh"),
    path("auth/logout/", views.LogoutView.as_view(), name="auth-logout"),
    path("auth/socket-ticket/", tickets.SocketTicketView.as_view(), name="auth-socket-ticket"),
    path("auth/me/", account.MeView.as_view(), name="auth-me"),
    path("auth/password/", account.PasswordView.as_view(), name="auth-password"),
    path("auth/end-access/", account.EndAccessView.as_view(), name="auth-end-access"),
    path("auth/tokens/", tokens.TokenListView.as_view(), name="auth-token-list"),
    path("auth/tokens/<int:pk>/", tokens.TokenView.as_view(), name="auth-token-detail"),
    path("auth/exports/", exports.ExportListView.as_view(), name="auth-export-list"),
    path("auth/exports/<int:pk>/", exports.ExportView.as_view(), name="auth-export-detail"),
    path("auth/exports/<int:pk>/download/", exports.DownloadView.as_view(), name="auth-export-download"),
]

"""API routes of this app."""

from django.urls import path

from accounts.api import tickets, views

urlpatterns = [
    path("auth/register/", views.RegisterView.as_view(), name="auth-register"),
    path("auth/login/", views.LoginView.as_view(), name="auth-login"),
    path("auth/refresh/", views.RefreshView.as_view(), name="auth-refresh"),
    path("auth/logout/", views.LogoutView.as_view(), name="auth-logout"),
    path("auth/socket-ticket/", tickets.SocketTicketView.as_view(), name="auth-socket-ticket"),
    path("auth/me/", views.MeView.as_view(), name="auth-me"),
]

"""The page about oneself: name, address, password, sessions, and what was done with the account lately."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import PasswordForm, ProfileForm
from accounts.services import UserService
from accounts.views.common import throttle
from algotrade.audit.services import latest_about
from algotrade.forms import REFUSED

LATEST = 10


@never_cache
@login_required
@sensitive_post_parameters("current_password", "new_password")
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, e-mail address and password, each with its own button."""
    section = request.POST.get("section", "") if request.method == "POST" else ""
    user = request.user
    known = {"full_name": user.full_name, "email": user.email}
    person = ProfileForm(request.POST if section == "person" else None, initial=known)
    password = PasswordForm(request.POST if section == "password" else None)
    if section == "person" and person.is_valid() and person.save(user):
        messages.success(request, _("Profile saved."))
        return redirect("accounts:profile")
    if section == "password":
        throttle(request)
        if password.is_valid() and password.save(request):
            messages.success(request, _("Password changed. Other sessions and all tokens have ended."))
            return redirect("accounts:profile")
    context = {"person_form": person, "password_form": password, "entries": latest_about(user, LATEST)}
    status = REFUSED if person.errors or password.errors else 200
    return render(request, "accounts/profile.html", context, status=status)


@login_required
@require_POST
def end_access(request: HttpRequest) -> HttpResponse:
    """End every other session and all tokens; this browser stays signed in."""
    UserService.end_access(request.user, request)
    messages.success(request, _("Your other sessions and all tokens have ended."))
    return redirect("accounts:profile")

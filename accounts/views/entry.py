"""Pages through which people come and go: log in, register, log out."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import RegistrationClosed
from accounts.forms import LoginForm, RegistrationForm
from accounts.services import UserService
from accounts.views.common import throttle
from algotrade.forms import REFUSED


class LoginView(auth_views.LoginView):
    """Log in by username or e-mail address, then go where the visitor wanted to."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        throttle(request)
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return super().get_context_data(**kwargs, registration_open=settings.REGISTRATION_OPEN)

    def form_invalid(self, form: LoginForm) -> HttpResponse:
        locked = form.locked_out
        response = self.render_to_response(
            self.get_context_data(form=form), status=429 if locked else REFUSED
        )
        if locked:
            response["Retry-After"] = str(locked.retry_after)
        return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Make an account and start its first session."""
    target = request.POST.get("next", request.GET.get("next", ""))
    if request.user.is_authenticated:
        return _onward(request, target)
    if not settings.REGISTRATION_OPEN:
        raise RegistrationClosed(_("Registration is closed here: ask the staff for an account."))
    form = RegistrationForm(request.POST or None)
    if request.method == "POST":
        throttle(request)
        user = form.save() if form.is_valid() else None
        if user is not None:
            UserService.start_session(request, user)
            messages.success(request, _("Welcome, %(name)s.") % {"name": user.get_full_name()})
            return _onward(request, target)
    status = REFUSED if form.errors else 200
    return render(request, "accounts/register.html", {"form": form, "next": target}, status=status)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End this browser's session."""
    return auth_views.LogoutView.as_view()(request)


def _onward(request: HttpRequest, target: str) -> HttpResponse:
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else resolve_url(settings.LOGIN_REDIRECT_URL))

"""The page of API tokens: made, shown once, revoked."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import api_tokens
from accounts.forms import TokenForm
from accounts.models import ApiToken
from algotrade.forms import REFUSED


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The user's tokens, and a form for another. Only the answer to that form shows the secret."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made, secret = None, ""
    if form.is_bound and form.is_valid() and (saved := form.save(request.user)):
        made, secret = saved
        form = TokenForm()
    context = {
        "form": form,
        "made": made,
        "secret": secret,
        "tokens": list(ApiToken.objects.for_user(request.user)),
        "most": api_tokens.MOST_TOKENS,
    }
    return render(request, "accounts/tokens.html", context, status=REFUSED if form.errors else 200)


@login_required
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a token worthless."""
    token = get_object_or_404(ApiToken.objects.for_user(request.user).select_related("user"), pk=pk)
    api_tokens.revoke(token)
    messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token})
    return redirect("accounts:tokens")

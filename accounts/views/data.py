"""The page of one's data: a copy of all of it, and the end of the account."""

from django.contrib import messages
from django.contrib.auth import logout as end_session
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import exporting
from accounts.belongings import counts_of
from accounts.forms import DeleteAccountForm
from accounts.models import DataExport
from accounts.views.common import throttle
from algotrade.forms import REFUSED
from algotrade.jobs.models import Job


@never_cache
@login_required
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """What there is of the user, the last copy of it, and the way out."""
    export = DataExport.objects.for_user(request.user).select_related("job").first()
    if request.GET.get("fragment"):
        return render(request, "accounts/_export.html", {"export": export})
    context = {"export": export, "counts": counts_of(request.user), "days": exporting.KEPT.days}
    return render(request, "accounts/data.html", context)


@login_required
@require_POST
def export_create(request: HttpRequest) -> HttpResponse:
    """Queue a copy."""
    exporting.submit(request.user)
    return redirect("accounts:data")


@login_required
@require_safe
def export_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The copy as one file."""
    return exporting.download(_own(request, pk))


@login_required
@require_POST
def export_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a copy before its time."""
    _own(request, pk).discard()
    messages.success(request, _("The copy is removed."))
    return redirect("accounts:data")


@never_cache
@login_required
@sensitive_post_parameters("current_password")
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """Says what is lost, asks for the password, and deletes the account."""
    form = DeleteAccountForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        throttle(request)
        if form.is_valid() and form.save(request.user):
            end_session(request)
            messages.success(request, _("Your account is deleted. Its data is being removed."))
            return redirect("accounts:login")
    context = {
        "form": form,
        "counts": counts_of(request.user),
        "running": Job.objects.for_user(request.user).active().count(),
    }
    return render(request, "accounts/delete.html", context, status=REFUSED if form.errors else 200)


def _own(request: HttpRequest, pk: int) -> DataExport:
    return get_object_or_404(DataExport.objects.for_user(request.user).select_related("user", "job"), pk=pk)

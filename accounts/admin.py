"""Users for staff: who is here, who is active; switch off, switch on, end sessions, lift a lock."""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import User
from accounts.services import UserService

# Tokens are ended through their user; a list of them answers no question of staff's.
admin.site.unregister([OutstandingToken, BlacklistedToken, Group])


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """Sets of permissions for staff who are not superusers."""


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "full_name", "status", "role", "last_login", "date_joined"]
    list_filter = ["is_active", "is_staff", "is_superuser", "date_joined", "last_login"]
    search_fields = ["username", "email", "full_name"]
    ordering = ["username"]
    date_hierarchy = "date_joined"
    show_full_result_count = False
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    autocomplete_fields = ["groups"]
    actions = ["deactivate", "activate", "end_sessions", "lift_lock"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["full_name", "email"]}),
        (_("Access"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "full_name", "usable_password", "password1", "password2"]})
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        if not request.user.is_superuser:
            # Else whoever may edit users could make themselves all-powerful.
            fields += ["is_staff", "is_superuser", "groups"]
        if obj is not None and obj.pk == request.user.pk:
            fields += ["is_active"]
        return fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        obj.email = obj.email.strip().lower()
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            UserService.deactivate(obj)

    @display(description=_("status"), ordering="is_active", label={"active": "success", "off": "danger"})
    def status(self, user: User) -> tuple[str, str]:
        return ("active", _("active")) if user.is_active else ("off", _("off"))

    @display(description=_("role"), ordering="is_staff")
    def role(self, user: User) -> str:
        if user.is_superuser:
            return _("superuser")
        return _("staff") if user.is_staff else _("analyst")

    @admin.action(description=_("Deactivate and end all sessions"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, UserService.deactivate)

    @admin.action(description=_("Activate"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, UserService.activate)

    @admin.action(description=_("End all sessions and tokens"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, UserService.end_access)

    @admin.action(description=_("Lift the lock after failed log-ins"), permissions=["change"])
    def lift_lock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        names = [name.lower() for name in queryset.values_list("username", flat=True)]
        AccessAttempt.objects.filter(username__in=names).delete()
        self.message_user(request, _("They may try again at once."))

    def _each(self, request: HttpRequest, queryset: QuerySet[User], change: Any) -> None:
        changed = 0
        for user in queryset:
            if user.pk == request.user.pk or not self.has_change_permission(request, user):
                self.message_user(request, _("Left out: %(user)s.") % {"user": user}, messages.WARNING)
                continue
            change(user)
            changed += 1
        text = ngettext("%(count)d user changed.", "%(count)d users changed.", changed)
        self.message_user(request, text % {"count": changed})

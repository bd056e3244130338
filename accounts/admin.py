"""Users for staff: who is here, who is active; switch off, switch on, end sessions, lift a lock, delete."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import api_tokens, closing
from accounts.models import ApiToken, User
from accounts.services import UserService
from algotrade.admin import RecordAdmin
from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.errors import LabError

ROLES = ("is_staff", "is_superuser")

# Tokens are ended through their user; a list of them answers no question of staff's.
admin.site.unregister([OutstandingToken, BlacklistedToken, Group])


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """Sets of permissions for staff who are not superusers. Who may change them could give themselves any."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)


class ChangeForm(UserChangeForm):
    """A name that stays is not looked at: older ones have letters that no new name may have."""

    def _get_validation_exclusions(self) -> set[str]:
        kept = set() if "username" in self.changed_data else {"username"}
        return super()._get_validation_exclusions() | kept


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    form = ChangeForm
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
            # Whoever acts stays a superuser: there is always one left.
            fields += ["is_active", "is_superuser"]
        return fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of an account that is being deleted; nor of other staff by a clerk, who could take over their rights."""
        allowed = super().has_change_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        return obj.closed_at is None and (obj.pk == request.user.pk or self._stands_above(request, obj))

    @staticmethod
    def _stands_above(request: HttpRequest, user: User) -> bool:
        return bool(request.user.is_superuser) or not (user.is_staff or user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Oneself is deleted on the account page, with the password."""
        allowed = super().has_delete_permission(request, obj)
        if obj is not None and obj.pk == request.user.pk:
            return False
        return allowed and (obj is None or self._stands_above(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the users alone: all that they own goes too, and may be millions of rows."""
        listed = [
            _("%(user)s, with everything that belongs to the account") % {"user": user} for user in objs
        ]
        return listed, {str(_("users")): len(listed)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        closing.close(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, closing.close, self.has_delete_permission)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """As Django's; one's own is changed on the account page, with the present one."""
        user = self.get_object(request, unquote(id))  # as Django finds it: one number is written in many ways
        if user == request.user:
            return redirect("accounts:profile")
        posted = request.method == "POST"
        with transaction.atomic() if posted else nullcontext():
            response = super().user_change_password(request, id, form_url)
            user = self.get_object(request, unquote(id))
            if posted and response.status_code == 302 and not user.has_usable_password():
                record(Action.PASSWORD_CHANGED, target=user)  # a new one is recorded where it is saved
        return response

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Of a user that is there, only what was changed: a new password set meanwhile is no business of this form."""
        obj.email = obj.email.strip().lower()
        if change:
            self._save_changes(obj, form.changed_data)
        else:
            super().save_model(request, obj, form, change)
        changed = {name: getattr(obj, name) for name in ROLES if name in form.changed_data}
        if changed:
            record(Action.ROLE_CHANGED, target=obj, **changed)
        if change and "is_active" in form.changed_data and not obj.is_active:
            UserService.deactivate(obj)
        elif change and "is_active" in form.changed_data:
            record(Action.ACTIVATED, target=obj)

    @staticmethod
    def _save_changes(user: User, changed: list[str]) -> None:
        if not User.objects.select_for_update().filter(pk=user.pk, closed_at=None):
            raise PermissionDenied  # closed since the form was opened, as `has_change_permission` would say now
        columns = {field.name for field in user._meta.concrete_fields} & set(changed)
        if columns:
            user.save(update_fields=columns)

    @display(description=_("status"), ordering="is_active", label={"active": "success", "off": "danger"})
    def status(self, user: User) -> tuple[str, str]:
        if user.closed_at is not None:
            return "off", _("being deleted")
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
        self._each(request, queryset, self._lift_lock)

    @staticmethod
    def _lift_lock(user: User) -> None:
        with transaction.atomic():
            AccessAttempt.objects.filter(username=user.username.lower()).delete()
            record(Action.UNLOCKED, target=user)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[User],
        change: Callable[[User], None],
        permitted: Callable[[HttpRequest, User], bool] | None = None,
    ) -> None:
        changed = 0
        allowed = permitted or self.has_change_permission
        for user in queryset:
            if user.pk == request.user.pk or not allowed(request, user):
                self.message_user(request, _("Left out: %(user)s.") % {"user": user}, messages.WARNING)
                continue
            try:
                change(user)
                changed += 1
            except LabError as error:
                self.message_user(request, error.detail, messages.WARNING)
        text = ngettext("%(count)d user changed.", "%(count)d users changed.", changed)
        self.message_user(request, text % {"count": changed})


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    """What scripts come with; deleting one revokes it."""

    list_display = ["name", "user", "scope", "hint", "created_at", "expires_at", "last_used_at"]
    list_filter = ["scope", "created_at", "expires_at", "last_used_at"]
    search_fields = ["name", "user__username", "hint"]
    list_select_related = ["user"]
    fields = ["name", "user", "scope", "hint", "created_at", "expires_at", "last_used_at"]

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        api_tokens.revoke(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("user"):
            api_tokens.revoke(token)

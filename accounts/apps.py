from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _

SECRETS = ("password", "access_version")


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from accounts import advice, exporting, jobs, periodic  # noqa: F401  they register advice and the kind of job
        from accounts.belongings import Belonging, register_belonging

        account = "accounts.tasks.account_files"
        for belonging in (
            Belonging("accounts.User", "account", owner="pk", hidden=SECRETS, files=account, goes_along=True),
            Belonging("accounts.ApiToken", "api-tokens", hidden=("digest", "stamp"), counted=True),
            Belonging("jobs.Job", "jobs", owner="owner", hidden=("worker",), counted=True),
            Belonging("accounts.DataExport", ""),
            Belonging("token_blacklist.OutstandingToken", ""),
            Belonging("admin.LogEntry", "admin-log"),
        ):
            register_belonging(belonging)
        post_delete.connect(
            exporting.remove_file, sender=self.get_model("DataExport"), dispatch_uid="accounts.export_file"
        )
        periodic.declare()

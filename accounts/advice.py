"""What to do about each error that a copy of somebody's data may end with."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.advice import Advice, register_advice

register_advice(
    {
        "export_not_ready": Advice(
            _("The copy was removed while it was written. Ask for another on the page of your data.")
        ),
    }
)

"""What to do about each error of a strategy that a job may end with."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.advice import Advice, register_advice

EDIT = Advice(_("Edit the strategy: change the parameter that the message names, and run it again."))
DEFECT = Advice(
    _(
        "The strategy's code gave something that is no position: this is a defect of its type. Tell whoever wrote "
        "it what the message says."
    )
)

register_advice(
    {
        "strategy_error": EDIT,
        "indicator_invalid": EDIT,
        "parameters_invalid": EDIT,
        "signal_invalid": DEFECT,
        "strategy_type_unknown": Advice(
            _(
                "This type of strategy is not installed any more. If it came from a plug-in, ask whoever runs the lab "
                "to load it again (LAB_PLUGINS); else choose another type."
            ),
            again=True,
        ),
        "strategy_not_found": Advice(_("The strategy was deleted. Choose another one.")),
        "strategy_invalid": EDIT,
        "rule_invalid": Advice(
            _("Edit the rules: the message names the place. The editor checks them as you type.")
        ),
    }
)

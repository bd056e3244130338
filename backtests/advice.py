"""What to do about each error that a backtest, a sweep or a check of a combination may end with."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.advice import Advice, register_advice

CHANGE_RUN = Advice(_("Change what the message names in the form of the run, and start it again."))
CHANGE_SWEEP = Advice(_("Change the axes or the settings that the message names, and start the sweep again."))

register_advice(
    {
        "backtest_error": CHANGE_RUN,
        "backtest_invalid": CHANGE_RUN,
        "backtest_too_large": Advice(_("Choose a shorter period or a coarser timeframe.")),
        "result_damaged": Advice(
            _("The stored curves or trades cannot be read any more. Run the backtest again.")
        ),
        "backtest_not_found": Advice(
            _("The result was deleted while it was computed; nothing has to be done.")
        ),
        "engine_invalid": CHANGE_RUN,
        "configuration_invalid": CHANGE_RUN,
        "metrics_invalid": CHANGE_RUN,
        "target_invalid": Advice(
            _(
                "The strategy decided something that the account cannot do. If it is a type of your own, correct it "
                "as the message says; else tell whoever runs the lab."
            )
        ),
        "sweep_invalid": CHANGE_SWEEP,
        "sweep_too_large": Advice(
            _("Take fewer values or larger steps, a shorter period, or a random sample.")
        ),
        "sweep_space_invalid": CHANGE_SWEEP,
        "sweep_column_unknown": CHANGE_SWEEP,
        "sweep_map_invalid": CHANGE_SWEEP,
        "cell_invalid": Advice(_("Choose another combination: the strategy refuses this one.")),
        "sweep_not_found": Advice(_("The sweep was deleted while it was computed; nothing has to be done.")),
        "sweep_unfinished": Advice(_("Wait until the sweep has ended, then ask again."), again=True),
        "sweep_damaged": Advice(_("The stored combinations cannot be read any more. Run the sweep again.")),
    }
)

"""What to do about each error that a training, or a look at a model, may end with."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.advice import Advice, register_advice

register_advice(
    {
        "model_error": Advice(_("Change what the message names, and train the next version.")),
        "training_invalid": Advice(
            _(
                "Change what the message names with “Train the next version”: mostly a longer period, fewer folds, a "
                "shorter horizon, or no calibration and no search."
            )
        ),
        "training_too_large": Advice(_("Take a shorter period, fewer folds or fewer trials.")),
        "model_wrong_data": Advice(
            _(
                "The model was trained on other data. Choose bars of its symbol and timeframe, or another model."
            )
        ),
        "model_not_found": Advice(_("The model was deleted. Choose another one.")),
        "model_not_ready": Advice(_("Wait until the training has ended, then ask again."), again=True),
        "model_in_use": Advice(_("Strategies decide by this model. Give them another one first.")),
        "model_busy": Advice(_("The model is being computed. Wait for its end, or cancel it."), again=True),
        "model_retired": Advice(_("The model is retired. Choose another one, or take it back on its page.")),
        "model_note_invalid": Advice(_("Write a shorter note.")),
        "model_no_new_bars": Advice(
            _("Too few bars came in after the training. Import newer bars, then compare again."), again=True
        ),
        "model_damaged": Advice(
            _(
                "The model's file cannot be read any more. Train it again; whoever runs the lab may have it in a "
                "backup."
            )
        ),
        "model_no_room": Advice(
            _(
                "There is no room for the model's file. Ask whoever runs the lab to make some, then try again."
            ),
            again=True,
        ),
        "model_forked_process": Advice(
            _("The lab was started in a way that cannot train. Ask whoever runs it to read the log."),
            again=True,
        ),
    }
)

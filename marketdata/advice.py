"""What to do about each error that a job of market data may end with."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.advice import Advice, register_advice

READ_OTHERWISE = Advice(
    _(
        "Open the import: it lists each problem with its line. Correct the file, or read the same file in another "
        "way: other columns, another way to write dates, leaving out lines that cannot be used."
    )
)
ASK_LATER = Advice(
    _("The provider did not answer as it should. Try again in a few minutes."),
    again=True,
)
CHOOSE_ANEW = Advice(_("Change what the message names in the form, and ask again."))

register_advice(
    {
        "market_data_error": CHOOSE_ANEW,
        "bars_invalid": Advice(
            _("The bars break a rule that the message names. Correct them at their source.")
        ),
        "timeframe_unknown": CHOOSE_ANEW,
        "resample_impossible": Advice(_("Choose a timeframe that is a multiple of the series' own.")),
        "recipe_invalid": Advice(_("Make the derived series again from the page of its source.")),
        "split_invalid": Advice(_("Correct the split that the message names: its day and its ratio.")),
        "synthetic_invalid": CHOOSE_ANEW,
        "provider_invalid": Advice(_("Choose a symbol, timeframe and period that this provider has.")),
        "provider_unavailable": ASK_LATER,
        "provider_rate_limited": Advice(
            _("The provider wants to be asked less often. Wait as long as the message says, then try again."),
            again=True,
        ),
        "provider_key_missing": Advice(
            _("Ask whoever runs the lab to set the key that the message names, or choose another provider."),
            again=True,
        ),
        "history_changed": Advice(
            _(
                "The provider changed prices of the past, mostly after a split or a dividend. Look at the differences "
                "on the series' page and decide there whether the new ones replace the stored ones."
            )
        ),
        "feed_refused": Advice(_("Look at the series' page: it says what keeps its feed from running.")),
        "feed_busy": Advice(
            _("Another download into this series is under way. Wait for its end."), again=True
        ),
        "feed_not_found": Advice(_("The feed was removed. Set it up again on the series' page.")),
        "extra_missing": Advice(
            _(
                "Ask whoever runs the lab to install the package with the command in the message, then try again."
            ),
            again=True,
        ),
        "file_invalid": READ_OTHERWISE,
        "file_too_large": Advice(
            _("Split the file by period and import the parts one after another, or pack it (.csv.gz).")
        ),
        "series_not_found": Advice(_("The series was deleted. Choose or import another one.")),
        "bars_overlap": Advice(
            _(
                "The series holds bars of these days already. Choose what happens to them: extend, keep or replace."
            )
        ),
        "bars_conflict": Advice(
            _(
                "Some bars differ from stored ones of the same time. The import's page lists them: keep what is "
                "stored, or replace it."
            )
        ),
        "series_busy": Advice(
            _("Another import was writing into this series. Try again when it has ended."), again=True
        ),
        "series_in_use": Advice(
            _("Results were computed from this series. Delete them first, or keep the series.")
        ),
        "series_derived": Advice(
            _("This series follows another one. Import into its source, or into a new series.")
        ),
        "upload_in_use": Advice(_("The file is being read by an import. Wait for its end."), again=True),
        "upload_gone": Advice(_("Files wait for a week, and this one is gone. Upload it again.")),
        "import_unreadable": Advice(
            _("An older version of the lab asked for this. Ask again with the form.")
        ),
        "nothing_to_restore": Advice(_("The series holds these bars already; nothing has to be done.")),
        "snapshot_damaged": Advice(
            _(
                "The stored bars cannot be read any more. Import the series again; whoever runs the lab should look "
                "at the disk, or bring the file back from a backup."
            )
        ),
        "series_empty": Advice(_("Import bars into this series first.")),
    }
)

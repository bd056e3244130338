from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class BacktestsConfig(AppConfig):
    name = "backtests"
    verbose_name = _("Backtests")

    def ready(self) -> None:
        from backtests import advice, belongings, jobs  # noqa: F401  they register advice and the kind of job
        from backtests.headlines import latest_results
        from backtests.learning import simulate_targets
        from backtests.ledger import record_training
        from backtests.preview.panel import panel
        from backtests.preview.process import warm
        from backtests.sweeps.jobs import remove_columns  # registers the kinds of job, too
        from mlmodels.trading import use_simulator
        from mlmodels.trials import use_ledger
        from strategies.headlines import provide_headlines
        from strategies.previews import Previews, provide_previews

        provide_headlines(latest_results)
        provide_previews(Previews(warm=warm, panel=panel))
        use_simulator(simulate_targets)
        use_ledger(record_training)
        belongings.declare()
        post_delete.connect(
            jobs.remove_columns,
            sender=self.get_model("ResultColumns"),
            dispatch_uid="backtests.result_columns",
        )
        post_delete.connect(
            remove_columns, sender=self.get_model("Sweep"), dispatch_uid="backtests.sweep_columns"
        )

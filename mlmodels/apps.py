from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class MlmodelsConfig(AppConfig):
    name = "mlmodels"
    verbose_name = _("Models")

    def ready(self) -> None:
        from algotrade.jobs.warmth import register_warm_up
        from mlmodels import advice, belongings, jobs, services  # noqa: F401  they register advice and the kinds of jobs
        from mlmodels.models import REFERENCE_KIND
        from mlmodels.strategies import signal, walk_forward  # noqa: F401  registers the types of strategies
        from strategies.references import choice_checkers, reference_checkers, reference_choices

        reference_checkers[REFERENCE_KIND] = services.check_reference
        choice_checkers[REFERENCE_KIND] = services.check_choice
        reference_choices[REFERENCE_KIND] = services.reference_choices
        post_delete.connect(
            services.remove_artifact, sender=self.get_model("MLModel"), dispatch_uid="mlmodels.artifact"
        )
        belongings.declare()
        register_warm_up("mlmodels.features.warm.warm_up", later=True)

"""The training form: one page whose lower part follows the chosen algorithm."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketdata.forms.common import SeriesChoice
from marketdata.models import Series
from mlmodels.algorithms import ALGORITHMS, get_algorithm
from mlmodels.configuration import TRAINING_PARAMS
from mlmodels.features import GROUPS, feature_names
from strategies.forms import parameter_field, translated

PREFIX = "hyper-"
DEFAULT_ALGORITHM = "logistic_regression"
DEFAULT_GROUPS = [group for group in GROUPS if group != "volume"]


class TrainingForm(forms.Form):
    """Series, period, algorithm, what to foresee, and a field for each hyper-parameter."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Training under a used name makes its next version.")
    )
    series = SeriesChoice(label=_("Series"), queryset=Series.objects.none(), empty_label=_("Choose one"))
    start_date = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("Empty: from the first bar."),
    )
    end_date = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("Empty: up to the last bar. Ending earlier keeps the rest untouched for a last test."),
    )
    algorithm = forms.ChoiceField(label=_("Algorithm"), widget=forms.RadioSelect)
    feature_groups = forms.MultipleChoiceField(
        label=_("What the model sees"),
        widget=forms.CheckboxSelectMultiple,
        initial=DEFAULT_GROUPS,
        help_text=_("Relations between past bars, never price levels. Volume needs a series that has it."),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, user: Any, algorithm: str, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial={**initial, "algorithm": algorithm})
        self.chosen = get_algorithm(algorithm)
        self.fields["series"].queryset = Series.objects.visible_to(user).with_bars()
        self.fields["algorithm"].choices = [
            (item.key, translated(item.label)) for item in ALGORITHMS.values()
        ]
        self.fields["algorithm"].help_text = translated(self.chosen.summary)
        self.fields["feature_groups"].choices = [(key, translated(label)) for key, label in GROUPS.items()]
        for param in TRAINING_PARAMS:
            self.fields[param.name] = parameter_field(param, user)
        for param in self.chosen.params:
            self.fields[PREFIX + param.name] = parameter_field(param, user)

    @property
    def basic_fields(self) -> list[forms.BoundField]:
        """Name, data and algorithm."""
        return [self[name] for name in ("name", "series", "start_date", "end_date", "algorithm")]

    @property
    def learning_fields(self) -> list[forms.BoundField]:
        """What it sees, what it foresees, how it is judged."""
        return [self[name] for name in ("feature_groups", *(param.name for param in TRAINING_PARAMS))]

    @property
    def hyper_fields(self) -> list[forms.BoundField]:
        """The algorithm's own settings."""
        return [self[PREFIX + param.name] for param in self.chosen.params]

    def values(self) -> dict[str, Any]:
        """The cleaned input as the service takes it."""
        given = self.cleaned_data
        plain = ("name", "series", "start_date", "end_date", "algorithm")
        return {
            **{name: given[name] for name in plain},
            **{param.name: given[param.name] for param in TRAINING_PARAMS},
            "features": feature_names(given["feature_groups"]),
            "hyperparameters": {param.name: given[PREFIX + param.name] for param in self.chosen.params},
        }

    @staticmethod
    def field_of(name: str) -> str:
        """The form's name of what the service calls `name`."""
        return "feature_groups" if name == "features" else name.replace("hyperparameters.", PREFIX, 1)

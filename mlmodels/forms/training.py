"""The training form: one page whose lower part follows the chosen algorithm."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from algotrade.forms import PercentField, percent_text
from marketdata.forms.common import SeriesChoice
from marketdata.models import Series
from mlmodels.algorithms import ALGORITHMS, get_algorithm
from mlmodels.configuration import COST_PARAM, LEADERS, TRAINING_PARAMS, applies
from mlmodels.errors import TrainingError
from mlmodels.features import DEFAULT_FEATURES, GROUPS, FeatureKind, feature_kinds
from mlmodels.forms import features as feature_choice
from mlmodels.forms.strategies import StrategyChoices
from mlmodels.models import MLModel
from strategies.forms import parameter_field, translated

PREFIX = "hyper-"
FEATURE_PREFIX = "feature-"
DEFAULT_ALGORITHM = "logistic_regression"
PLAIN = ("name", "series", "start_date", "end_date", "algorithm")

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "outcome": ("label", "horizon", "barrier_width"),
    "validation": ("validation", "folds", "test_folds", "training_bars", "embargo", "controls"),
    "fitting": ("class_weight", "calibration"),
    "search": ("search", "search_trials", "search_over"),
    "judging": ("cost_rate", "short_trades", "seed"),
}

TYPED = frozenset({"seed", "training_bars"})
"""Numbers whose range is too wide for a slider."""
COSTS = COST_PARAM.name


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of feature in the picker: whether it is ticked, and the field of its settings (None without any)."""

    kind: FeatureKind
    ticked: bool
    settings: forms.BoundField | None
    hint: str


@dataclass(frozen=True, slots=True)
class KindGroup:
    """The kinds of one group, and whether it begins open."""

    label: str
    rows: list[KindRow]
    open: bool


class TrainingForm(forms.Form):
    """Series, period, algorithm, what it sees and foresees, how it is judged, and a field for each hyper-parameter."""

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
    features = forms.MultipleChoiceField(
        label=_("What the model sees"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Relations between past bars, never price levels. Volume needs a series that has it."),
    )
    strategies = forms.MultipleChoiceField(
        label=_("Indicators of your strategies"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "What a saved strategy draws and decides becomes features too, with its parameters as they are now."
        ),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, user: Any, algorithm: str, initial: dict[str, Any]
    ) -> None:
        usual = feature_choice.ticked(DEFAULT_FEATURES)
        first = {"features": list(usual), **{FEATURE_PREFIX + key: text for key, text in usual.items()}}
        super().__init__(data, initial={**first, **initial, "algorithm": algorithm})
        self.chosen = get_algorithm(algorithm)
        self.fields["series"].queryset = Series.objects.visible_to(user).with_bars()
        self.fields["algorithm"].choices = [
            (item.key, translated(item.label)) for item in ALGORITHMS.values()
        ]
        self.fields["algorithm"].help_text = translated(self.chosen.summary)
        self._add_features()
        self.strategy_choices = StrategyChoices(user, initial.get("frozen_strategies") or ())
        self.fields["strategies"].choices = self.strategy_choices.choices
        for param in TRAINING_PARAMS:
            self.fields[param.name] = parameter_field(param, user)
        for name in TYPED & self.fields.keys():
            widget = self.fields[name].widget
            self.fields[name].widget = forms.NumberInput(widget.attrs)
        self.fields[COSTS] = _costs_field()
        for param in self.chosen.params:
            self.fields[PREFIX + param.name] = parameter_field(param, user)
        self._add_search_over()

    def _add_features(self) -> None:
        self.fields["features"].choices = [(kind.key, translated(kind.label)) for kind in feature_kinds()]
        for kind in feature_kinds():
            if kind.params:
                self.fields[FEATURE_PREFIX + kind.key] = forms.CharField(
                    label=translated(kind.label),
                    required=False,
                    max_length=200,
                    initial=feature_choice.offered_text(kind),
                    widget=forms.TextInput({"spellcheck": "false", "autocomplete": "off"}),
                )

    def _add_search_over(self) -> None:
        searched = [(param.name, translated(param.label)) for param in self.chosen.params if param.grid()]
        self.fields["search_over"] = forms.MultipleChoiceField(
            label=_("Search over"),
            required=False,
            choices=searched,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("None ticked: over all of these. Those left out keep the values above."),
        )

    def clean(self) -> dict[str, Any]:
        """Read the features; what does not apply under the other choices is neither checked nor kept."""
        for name in LEADERS:
            if name in self.fields and not applies(name, self.cleaned_data):
                self.errors.pop(name, None)
                self.cleaned_data.pop(name, None)
        names: list[str] = []
        for kind in feature_kinds():
            if kind.key not in self.cleaned_data.get("features", ()):
                self.errors.pop(FEATURE_PREFIX + kind.key, None)
                continue
            try:
                names += feature_choice.names_of(kind, self.cleaned_data.get(FEATURE_PREFIX + kind.key, ""))
            except (TrainingError, ValueError) as error:
                self.add_error(FEATURE_PREFIX + kind.key, str(error))
        self.cleaned_data["features"] = names
        if not names and not self.cleaned_data.get("strategies") and not self.errors:
            self.add_error("features", _("Tick at least one feature."))
        return self.cleaned_data

    def section(self, name: str) -> list[forms.BoundField]:
        """The fields of one part of the page; those nobody has placed stand with the judging."""
        placed = [field for field in SECTIONS[name] if field in self.fields]
        if name == "judging":
            known = {field for fields in SECTIONS.values() for field in fields}
            placed += [param.name for param in TRAINING_PARAMS if param.name not in known]
        return [self[field] for field in placed]

    @property
    def basic_fields(self) -> list[forms.BoundField]:
        """Name and data."""
        return [self[name] for name in PLAIN[:-1]]

    @property
    def sections(self) -> dict[str, list[forms.BoundField]]:
        """The fields of each part, by its name."""
        return {name: self.section(name) for name in SECTIONS}

    @property
    def open_sections(self) -> dict[str, bool]:
        """Which of the folded parts begin open: those in which something is refused or differs from the usual."""
        usual = {param.name: self.fields[param.name].initial for param in TRAINING_PARAMS}
        return {
            name: any(
                field.errors or (field.name in usual and str(field.value()) != str(usual[field.name]))
                for field in fields
            )
            for name, fields in self.sections.items()
        }

    @property
    def hyper_fields(self) -> list[forms.BoundField]:
        """The algorithm's own settings."""
        return [self[PREFIX + param.name] for param in self.chosen.params]

    def feature_groups(self) -> Iterator[KindGroup]:
        """The kinds of each group as the picker shows them; a group is closed unless something in it is refused."""
        ticked = {str(value) for value in self["features"].value() or ()}
        for key, label in GROUPS.items():
            rows = []
            for kind in feature_kinds((key,)):
                settings = self[FEATURE_PREFIX + kind.key] if kind.params else None
                rows.append(KindRow(kind, kind.key in ticked, settings, feature_choice.hint_of(kind)))
            if rows:
                refused = any(row.settings is not None and row.settings.errors for row in rows)
                yield KindGroup(translated(label), rows, refused)

    def values(self) -> dict[str, Any]:
        """The cleaned input as the service takes it; where something was refused, what was understood."""
        given = self.cleaned_data
        settings = (*(param.name for param in TRAINING_PARAMS), "search_over")
        hyper = {
            param.name: given[PREFIX + param.name]
            for param in self.chosen.params
            if PREFIX + param.name in given
        }
        return {
            **{name: given[name] for name in PLAIN if name in given},
            **{name: given[name] for name in settings if name in given},
            "features": given.get("features") or [],
            "strategies": self.strategy_choices.chosen(given.get("strategies") or ()),
            "hyperparameters": hyper,
        }

    @staticmethod
    def field_of(name: str) -> str:
        """The form's name of what the service calls `name`."""
        return name.replace("hyperparameters.", PREFIX, 1)


def _costs_field() -> PercentField:
    """People type percents, as for a backtest; the service gets the fraction."""
    return PercentField(
        label=translated(COST_PARAM.label),
        min_value=100 * COST_PARAM.minimum,
        max_value=100 * COST_PARAM.maximum,
        initial=percent_text(COST_PARAM.default),
        widget=forms.NumberInput({"step": "any"}),
        help_text=_(
            "Commission and slippage, of the value of each fill, for the simulated trades of the report."
        ),
    )


def initial_of(model: MLModel) -> dict[str, Any]:
    """The form's values for training a model's next version with the same settings."""
    stored = dict(model.configuration)
    ticked = feature_choice.ticked(stored.pop("features", ()))
    hyper = stored.pop("hyperparameters", {})
    return {
        **stored,
        "name": model.name,
        "series": model.series_id,
        "start_date": model.start_date,
        "end_date": model.end_date,
        COSTS: percent_text(stored.get(COSTS)),
        "features": list(ticked),
        "frozen_strategies": stored.get("strategies") or (),
        "strategies": StrategyChoices.values_of(model.user, stored.get("strategies") or ()),
        **{FEATURE_PREFIX + key: text for key, text in ticked.items()},
        **{PREFIX + name: value for name, value in hyper.items()},
    }

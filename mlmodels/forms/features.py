"""Features as a form asks for them: kinds to tick, and beside each the settings of one or several of it.

`7; 14` beside the RSI means rsi(7) and rsi(14); `12, 26, 9; 5, 35, 5` beside the MACD means two of them. Where a kind
has one setting commas part, too, and `1-20` is a range.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mlmodels.errors import TrainingError
from mlmodels.features import DEFAULT_FEATURES, FeatureKind, feature_kinds, get_feature
from strategies.params import ChoiceParam, Value

MOST_OF_ONE_KIND = 100

PRESETS: Mapping[str, tuple[object, tuple[str, ...]]] = {
    "few": (
        gettext_lazy("A few"),
        ("log_return(1)", "log_return(5)", "log_return(20)", "volatility(20)", "rsi(14)", "sma_gap(20)"),
    ),
    "usual": (gettext_lazy("The usual"), DEFAULT_FEATURES),
    "none": (gettext_lazy("None"), ()),
}


def names_of(kind: FeatureKind, typed: str) -> list[str]:
    """The features that the settings typed beside a kind mean; nothing typed means those it offers."""
    typed = typed.strip()
    if not kind.params or not typed:
        return [feature.name for feature in kind.features()]
    parts = [part.strip() for part in re.split(r"[;,]" if len(kind.params) == 1 else r";", typed)]
    written: list[str] = []
    for part in filter(None, parts):
        ends = (
            re.fullmatch(r"(\d{1,4})\s*(?:-|–|to|\.\.)\s*(\d{1,4})", part) if len(kind.params) == 1 else None
        )
        if ends and int(ends[1]) > int(ends[2]):
            raise ValueError(
                _("The range %(range)s ends before it begins. Write %(turned)s.")
                % {"range": part, "turned": f"{ends[2]}-{ends[1]}"}
            )
        written += [str(n) for n in range(int(ends[1]), int(ends[2]) + 1)] if ends else [part]
        if len(written) > MOST_OF_ONE_KIND:
            raise ValueError(
                _("This makes more than %(most)s features of one kind. Name fewer.")
                % {"most": MOST_OF_ONE_KIND}
            )
    if not written:
        raise ValueError(_("No setting stands here. Name one, leave the field empty, or untick the kind."))
    return list(dict.fromkeys(get_feature(f"{kind.key}({part})").name for part in written))


def typed_of(kind: FeatureKind, instances: Iterable[Sequence[Value]]) -> str:
    """The text that `names_of` reads back as these features; runs of whole numbers become a range."""
    rows = list(instances)
    if len(kind.params) != 1:
        return "; ".join(", ".join(_said(value) for value in row) for row in rows)
    values = [row[0] for row in rows]
    if not all(isinstance(value, int) for value in values):
        return "; ".join(_said(value) for value in values)
    runs: list[list[int]] = []
    for value in sorted(int(str(value)) for value in values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return "; ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else "; ".join(map(str, run)) for run in runs)


def ticked(names: Iterable[str]) -> dict[str, str]:
    """Kinds to tick for these features, each with the text beside it; unknown names are left out."""
    found: dict[str, list[tuple[Value, ...]]] = {}
    for name in names:
        try:
            feature = get_feature(name)
        except TrainingError:
            continue
        found.setdefault(feature.kind.key, []).append(tuple(feature.parameters.values()))
    kinds = {kind.key: kind for kind in feature_kinds()}
    return {key: typed_of(kinds[key], rows) if kinds[key].params else "" for key, rows in found.items()}


def offered_text(kind: FeatureKind) -> str:
    """What stands beside a kind that nobody has touched."""
    return (
        typed_of(kind, [tuple(feature.parameters.values()) for feature in kind.features()])
        if kind.params
        else ""
    )


def hint_of(kind: FeatureKind) -> str:
    """What the settings of a kind are called, and how several are written."""
    names = ", ".join(_(param.label).lower() if param.label else param.name for param in kind.params)
    if not kind.params:
        return ""
    if len(kind.params) == 1 and isinstance(kind.params[0], ChoiceParam):
        return " / ".join(kind.params[0].values())
    return names


def _said(value: Value) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)

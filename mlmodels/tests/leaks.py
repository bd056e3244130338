"""Features that know the future, for tests of who finds them."""

from mlmodels.features import FeatureKind


def leaking(fill, warmup=20):
    """A kind of feature whose compute is `fill(columns, out)`."""
    return FeatureKind(
        "leaking",
        "Leaking",
        title="Leaking",
        summary="Looks ahead.",
        group="trend",
        compute=fill,
        warmup=lambda: warmup,
    )

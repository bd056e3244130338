"""The kinds of validation by name, each key with its words."""

from collections.abc import Mapping

WALK_FORWARD, ROLLING, COMBINATORIAL = "walk_forward", "rolling", "combinatorial"

VALIDATIONS: Mapping[str, str] = {
    WALK_FORWARD: "Walk-forward, expanding",
    ROLLING: "Walk-forward, rolling window",
    COMBINATORIAL: "Combinatorial, purged",
}


def is_causal(validation: object) -> bool:
    """Whether each prediction is made by a model that knew only what came before; older models name no kind."""
    return validation != COMBINATORIAL

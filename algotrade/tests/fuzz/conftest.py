"""Long searches for hostile input run when they are asked for (`-m fuzz`), and not among the tests of every day."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "fuzz" in config.option.markexpr:
        return
    asked_for = [item for item in items if item.get_closest_marker("fuzz")]
    items[:] = [item for item in items if item not in asked_for]
    if asked_for:
        config.hook.pytest_deselected(items=asked_for)

"""Which strategies belong to users."""

from accounts.belongings import Belonging, register_belonging


def declare() -> None:
    """Make known what belongs to users; called once, when the app is ready."""
    register_belonging(Belonging("strategies.Strategy", "strategies", counted=True))

"""What the billing app does when Django announces something."""

from __future__ import annotations

from typing import Any

from billing import conf, setup


def furnish_stand_in(*, using: str, **_: Any) -> None:
    """After every migrate in development: give the stand-in what `stripe_setup` gives Stripe."""
    if conf.is_stand_in() and using == "owner":
        list(setup.run())

"""What the billing app does when Django or metering announces something."""

from __future__ import annotations

from typing import Any

from billing import conf, setup, usage_mail
from metering.models import Notice


def furnish_stand_in(*, using: str, **_: Any) -> None:
    """After every migrate in development: give the stand-in what `stripe_setup` gives Stripe."""
    if conf.is_stand_in() and using == "owner":
        list(setup.run())


def mail_usage_notice(*, notice: Notice, **_: Any) -> None:
    """Tell people by mail what metering has to say."""
    usage_mail.send(notice=notice)

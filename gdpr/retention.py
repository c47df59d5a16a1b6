"""How long each stream is kept: one table, made from the data map, that the nightly job goes through."""

from __future__ import annotations

from cutroom.personal_data import Kept
from gdpr import conf


def days_of(kept: Kept) -> int | None:
    """Days after which rows go: the installation's choice, else the declared ones; None keeps them."""
    return conf.retention_days().get(kept.stream, kept.days) if kept.stream else None


def words(kept: Kept) -> str:
    """The period in words; the installation's own days replace those of the declaration."""
    days = days_of(kept)
    if days is None or days == kept.days:
        return kept.text
    return f"{days} days"

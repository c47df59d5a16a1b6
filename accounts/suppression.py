"""Addresses that mail must not go to any more: the mail came back, or its reader called it spam.

Only a digest of the address is kept. Sending on would cost the site its name with the mailbox providers, and
with it everybody's sign-in links.
"""

from __future__ import annotations

import logging
from datetime import datetime

from accounts import addresses
from accounts.models import SuppressedAddress, SuppressionReason
from cutroom import sealing
from cutroom.errors import InvalidInput

logger = logging.getLogger(__name__)


def suppress(email: str, *, reason: SuppressionReason, provider: str, at: datetime) -> bool:
    """Send nothing to an address from now on; False when that was so already, or it is no address."""
    try:
        digest = digest_of(addresses.normalise_email(email))
    except InvalidInput:
        return False
    found = {"reason": reason, "provider": provider, "created_at": at}
    _, is_new = SuppressedAddress.objects.get_or_create(digest=digest, defaults=found)
    if is_new:
        logger.warning("address_suppressed", extra={"reason": str(reason), "provider": provider})
    return is_new


def reason_for(email: str) -> SuppressionReason | None:
    """Why a normalised address gets no mail; None when it does."""
    return reason_for_digest(digest_of(email))


def reason_for_digest(digest: str) -> SuppressionReason | None:
    """The same for an address of which only the digest is known."""
    found = SuppressedAddress.objects.filter(digest=digest).first()
    return SuppressionReason(found.reason) if found else None


def lift(email: str) -> bool:
    """Let mail go to a normalised address again; False when it did anyway."""
    return bool(SuppressedAddress.objects.filter(digest=digest_of(email)).delete()[0])


def digest_of(email: str) -> str:
    """What is kept of a normalised address."""
    return sealing.keyed_digest(email, purpose="suppression")

"""Sign-ins that were refused, for the audit log of the person's tenant.

A worker writes it. Written at once, an address with an account would take longer to refuse than one without.
"""

from __future__ import annotations

import logging

from accounts import conf, workspaces
from accounts.models import User
from cutroom import dispatch, sealing
from cutroom.logs import current_request_id
from tenants import audit
from tenants.context import tenant_context

logger = logging.getLogger(__name__)


def refused(email: str, *, code: str) -> None:
    """Note that a link or code for an address was refused, with the same work for every address.

    `code` says why. A link that we never made has no address: a line in the process log is all.
    """
    logger.warning("sign_in_refused", extra={"code": code})
    if not email:
        return
    address = sealing.seal(email, key=conf.secret_key()).decode()
    dispatch.ring(
        "accounts.record_refused_sign_in", address=address, code=code, request_id=current_request_id()
    )


def record_refused(*, address: str, code: str, request_id: str) -> bool:
    """Append the refusal to the log of the person's oldest tenant; False when nobody has that address."""
    email = sealing.unseal(address.encode(), key=conf.secret_key())
    user = User.objects.filter(email=email).first()
    homes = workspaces.of(user.pk) if user else []
    if not user or not homes:
        return False
    with tenant_context(homes[0].tenant_id):
        detail = {"code": code, "request_id": request_id}
        audit.record("sign-in.refused", is_denied=True, user_id=user.pk, detail=detail)
    return True

"""Signing in and out. Start here: request_link, then verify_token or verify_code."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts import (
    access_tokens,
    addresses,
    conf,
    entry,
    keyring,
    limits,
    magic_links,
    outbox,
    refresh_tokens,
    sign_in_log,
)
from accounts import sessions as session_rows
from accounts.entry import SignedIn
from accounts.errors import (
    BadCredentials,
    LinkExpired,
    LinkInvalid,
    LinkUsed,
    SecondFactorRequired,
    SessionEnded,
)
from accounts.keyring import Wish
from accounts.magic_links import Asker, MagicLink
from accounts.models import ApiKey, LoginRequest, Session, User
from accounts.second_factor import challenges
from cutroom.errors import NotFound
from tenants import audit
from tenants.context import current_tenant_id
from tenants.models import Tenant

LINK_REFUSALS = (LinkInvalid, LinkUsed, LinkExpired)


def request_link(
    *, email: str, asker: Asker, at: datetime, next_path: str = "", invitation_hash: str = ""
) -> MagicLink:
    """Mail a link and a code to an address, known or not: both paths do the same work.

    Signing in with them accepts the invitation with that hash, too. The returned link is for development
    only. Raises InvalidInput for a malformed address and RateLimited.
    """
    email = addresses.normalise_email(email)
    limits.check(limits.ask_for_link(email=email, ip=asker.ip or ""))
    with transaction.atomic():
        link = magic_links.issue(
            email=email, asker=asker, next_path=next_path, at=at, invitation_hash=invitation_hash
        )
        context = {
            "link": link,
            "email": email,
            "asker": asker,
            "at": at,
            "minutes": int(conf.LINK_LIFE.total_seconds() // 60),
            "site_url": conf.site_url(),
        }
        outbox.enqueue(kind="magic_link", recipient=email, context=context, at=at, useful_for=conf.LINK_LIFE)
    return link


def verify_token(*, token: str, asker: Asker, at: datetime) -> SignedIn:
    """Sign in by link. Raises LinkInvalid, LinkUsed, LinkExpired, RateLimited, NoWorkspace.

    Raises SecondFactorRequired for a person who has one: the link is used up, and the error carries the
    challenge to answer.
    A link that accepts an invitation raises as `invitations.accept` and stays usable.
    """
    limits.check(limits.verify(ip=asker.ip or ""))
    try:
        with transaction.atomic():
            passed = _first_step(magic_links.consume_token(token, at=at), asker=asker, at=at)
    except LINK_REFUSALS as error:
        sign_in_log.refused(magic_links.address_of(token), code=error.code)
        raise
    return _signed_in(passed)


def verify_code(*, email: str, code: str, asker: Asker, at: datetime) -> SignedIn:
    """Sign in by the code of the same mail. Raises as `verify_token`; five wrong tries end the code."""
    limits.check(limits.verify(ip=asker.ip or ""))
    # Not atomic as a whole: a wrong try must stay counted.
    address = addresses.normalise_email(email)
    try:
        request = magic_links.consume_code(email=address, code=code, at=at)
    except LINK_REFUSALS as error:
        sign_in_log.refused(address, code=error.code)
        raise
    with transaction.atomic():
        passed = _first_step(request, asker=asker, at=at)
    return _signed_in(passed)


def refresh(*, token: str, at: datetime) -> SignedIn:
    """Continue a session. A replayed token ends it and warns by mail. Raises BadCredentials, SessionEnded."""
    rotated = refresh_tokens.rotate(token, at=at)
    session = rotated.session
    if rotated.is_replay:
        _end_stolen(session, at=at)
        raise SessionEnded("This session was ended because an old token was used again.")
    access = access_tokens.issue(
        user_id=session.user_id, session_id=session.pk, tenant_id=session.tenant_id, at=at
    )
    return SignedIn(session=session, access_token=access, refresh_token=rotated.token)


def end_session(*, user_id: UUID, session_id: UUID, at: datetime) -> None:
    """Sign one device out; its tokens are refused from now on. Raises NotFound for another's session."""
    if not session_rows.end(user_id=user_id, session_id=session_id, at=at, reason="signed-out"):
        raise NotFound()


def end_all_sessions(*, user_id: UUID, at: datetime) -> int:
    """Sign every device of a person out; returns how many there were."""
    return session_rows.end(user_id=user_id, at=at, reason="signed-out-everywhere")


def rotate_api_key(
    *, user_id: UUID | None, grace: timedelta, at: datetime, key_id: UUID | None = None
) -> tuple[str, ApiKey]:
    """Make a new key for the tenant in context; older keys stop at once, or after `grace`.

    With `key_id` only that key is replaced, by one that may do the same. The key itself is returned once and
    stored nowhere. Raises NotFound.
    """
    # Two rotations at once queue up here; locking the keys would not do, there may be none yet.
    Tenant.objects.select_for_update().get(pk=current_tenant_id())
    older, wish = ApiKey.objects.filter(revoked_at=None), Wish()
    if key_id is not None:
        older = older.filter(pk=key_id)
        old = older.first()
        if old is None:
            raise NotFound()
        wish = keyring.wish_of(old, at=at)
    keyring.end(older, ends_at=at + grace, at=at)
    plain, key = keyring.make(wish, user_id=user_id, at=at)
    detail = {"old_keys_end_at": (at + grace).isoformat()}
    audit.record("api-key.rotated", target=f"api-key:{key.pk}", detail=detail)
    return plain, key


def revoke_api_key(*, key_id: UUID, at: datetime) -> None:
    """End a key of the tenant in context now. Raises NotFound."""
    if not ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=at):
        raise NotFound()
    audit.record("api-key.revoked", target=f"api-key:{key_id}")


def _first_step(request: LoginRequest, *, asker: Asker, at: datetime) -> SignedIn | challenges.Asked:
    user = _user(request.email)
    if not user.is_active:
        raise BadCredentials("This account is closed.")
    if challenges.methods_of(user):
        return challenges.ask(
            user=user, at=at, next_path=request.next_path, invitation_hash=request.invitation_hash
        )
    return entry.enter(
        user, asker=asker, at=at, next_path=request.next_path, invitation_hash=request.invitation_hash
    )


def _signed_in(passed: SignedIn | challenges.Asked) -> SignedIn:
    """Raised only after the commit, which used the link up and keeps the challenge."""
    if isinstance(passed, challenges.Asked):
        raise SecondFactorRequired(**passed.as_members())
    return passed


def _user(email: str) -> User:
    """The person behind an address, locked: two first sign-ins at once must not found two workspaces."""
    User.objects.get_or_create(email=email, defaults={"password": make_password(None)})
    return User.objects.select_for_update().get(email=email)


def _end_stolen(session: Session, *, at: datetime) -> None:
    with transaction.atomic():
        ended = session_rows.end(user_id=session.user_id, session_id=session.pk, at=at, reason="token-reused")
        if ended:
            context = {"at": at, "session": session, "site_url": conf.site_url()}
            outbox.enqueue(
                kind="session_ended",
                recipient=session.user.email,
                context=context,
                at=at,
                useful_for=timedelta(days=2),
            )

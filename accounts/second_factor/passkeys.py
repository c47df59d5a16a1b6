"""Passkeys as a second factor (WebAuthn level 2), judged by Yubico's fido2 library.

The browser is given options as JSON and its authenticator's answer comes back as JSON
(PublicKeyCredential.toJSON). Each challenge is a row that counts once: see `challenges`.
"""

from __future__ import annotations

import ipaddress
import json
import logging
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fido2.server import Fido2Server, to_descriptor
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import conf
from accounts.errors import FactorExists, SecondFactorRefused
from accounts.models import User
from accounts.second_factor.models import Passkey

logger = logging.getLogger(__name__)

NAME = "Cutroom"
# The mailed link was the first factor, so presence is enough; a device that can verify its owner will.
VERIFICATION = UserVerificationRequirement.PREFERRED
LONGEST_ANSWER = 20_000
BINARY_FIELDS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


def are_possible() -> bool:
    """Can this site have passkeys? Browsers want a host name, no bare address, and HTTPS or localhost."""
    site = urlsplit(conf.site_url())
    host = site.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return site.scheme == "https" or host == "localhost"
    return False


def creation_options(*, user: User, challenge: bytes) -> dict[str, Any]:
    """Options for navigator.credentials.create: a key that this person does not have yet."""
    owner = PublicKeyCredentialUserEntity(id=user.pk.bytes, name=user.email, display_name=user.email)
    options, _ = _server().register_begin(
        owner,
        credentials=_descriptors(user),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=VERIFICATION,
        challenge=challenge,
    )
    return dict(options.public_key)


def request_options(*, user: User, challenge: bytes) -> dict[str, Any] | None:
    """Options for navigator.credentials.get; None for a person, or a site, without passkeys."""
    descriptors = _descriptors(user) if are_possible() else []
    if not descriptors:
        return None
    options, _ = _server().authenticate_begin(
        descriptors, user_verification=VERIFICATION, challenge=challenge
    )
    return dict(options.public_key)


def add(*, user: User, name: str, challenge: bytes, answer: dict[str, Any], at: datetime) -> Passkey:
    """Keep the key an authenticator just made. Raises SecondFactorRefused, FactorExists."""
    if user.passkeys.count() >= conf.MOST_PASSKEYS:
        raise FactorExists("You have as many passkeys as one person may have. Remove one first.")
    credential, count, transports = _read_registration(answer, challenge=challenge)
    passkey, is_new = Passkey.objects.get_or_create(
        credential_id=credential.credential_id,
        defaults={
            "user": user,
            "name": name,
            "credential": bytes(credential),
            "transports": transports,
            "sign_count": count,
            "created_at": at,
        },
    )
    if not is_new:
        raise SecondFactorRefused("This passkey is registered already.")
    return passkey


def use(*, user: User, challenge: bytes, answer: dict[str, Any], at: datetime) -> Passkey | None:
    """The passkey whose signature over the challenge `answer` holds; None when it does not hold.

    A counter that did not grow tells of a copied key (WebAuthn section 6.1.1): refused, and logged.
    """
    keys = list(user.passkeys.all())
    read = _read_assertion(answer, challenge=challenge, keys=keys)
    if read is None:
        return None
    credential_id, count = read
    passkey = next(key for key in keys if bytes(key.credential_id) == credential_id)
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        logger.warning("passkey_counter_went_back", extra={"passkey": str(passkey.pk)})
        return None
    unmoved = Passkey.objects.filter(pk=passkey.pk, sign_count=passkey.sign_count)
    return passkey if unmoved.update(sign_count=count, last_used_at=at) else None


def read_answer(text: str) -> dict[str, Any]:
    """The JSON a browser sent for its authenticator; empty, which fits nothing, for anything else."""
    try:
        answer = json.loads(text) if len(text) <= LONGEST_ANSWER else {}
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _server() -> Fido2Server:
    site = urlsplit(conf.site_url())
    own = f"{site.scheme}://{site.netloc}"
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=NAME, id=site.hostname),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == own,
    )


def _descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    return [
        to_descriptor(AttestedCredentialData(bytes(key.credential)), transports=key.transports)
        for key in user.passkeys.all()
    ]


def _read_registration(
    answer: dict[str, Any], *, challenge: bytes
) -> tuple[AttestedCredentialData, int, list[str]]:
    try:
        _require_text(answer)
        data: AuthenticatorData = _server().register_complete(_state(challenge), answer)
        offered = answer["response"].get("transports", [])
        transports = [word.value for word in AuthenticatorTransport if word.value in offered]
        credential = AttestedCredentialData(bytes(data.credential_data or b""))
    except Exception as error:  # bytes of a stranger make the parsers raise anything; all mean "no passkey"
        logger.info("passkey_unreadable", extra={"error": repr(error)[:200]})
        raise SecondFactorRefused("This device's answer could not be used. Try again.") from None
    return credential, data.counter, transports


def _read_assertion(
    answer: dict[str, Any], *, challenge: bytes, keys: list[Passkey]
) -> tuple[bytes, int] | None:
    credentials = [AttestedCredentialData(bytes(key.credential)) for key in keys]
    try:
        _require_text(answer)
        used = _server().authenticate_complete(_state(challenge), credentials, answer)
        count = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except Exception as error:  # bytes of a stranger make the parsers raise anything; all mean "no"
        logger.info("passkey_refused", extra={"error": repr(error)[:200]})
        return None
    return used.credential_id, count


def _require_text(answer: dict[str, Any]) -> None:
    """Refuse numbers where base64url belongs: the library makes `bytes(n)` of them, gigabytes of zeros."""
    response = answer["response"]
    if any(not isinstance(response[name], str | None) for name in BINARY_FIELDS if name in response):
        raise TypeError("a binary field is no text")


def _state(challenge: bytes) -> dict[str, Any]:
    """What the library remembers between a question and its answer."""
    return {"challenge": websafe_encode(bytes(challenge)), "user_verification": VERIFICATION}

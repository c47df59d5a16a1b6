"""A security key in software: makes and uses passkeys as WebAuthn level 2 says, or wrongly when told to."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT = AuthenticatorData.FLAG.UP
ATTESTED = AuthenticatorData.FLAG.AT


@dataclass
class SecurityKey:
    """One credential at one site. `counter` grows with each use; None counts nothing, as synced keys do."""

    origin: str = "http://localhost"
    rp_id: str = "localhost"
    counter: int | None = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        """PublicKeyCredential.toJSON() of navigator.credentials.create."""
        library: Any = ES256
        public = library.from_cryptography_key(self.private_key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public)
        data = self._data(PRESENT | ATTESTED, credential=bytes(credential), **wrong)
        said = {
            "clientDataJSON": websafe_encode(self._client("webauthn.create", options, **wrong)),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            "transports": ["usb", "teleport"],
        }
        return self._answer(said)

    def get(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        """PublicKeyCredential.toJSON() of navigator.credentials.get."""
        if self.counter is not None:
            self.counter += 1
        data = self._data(wrong.pop("flags", PRESENT), **wrong)
        client = self._client("webauthn.get", options, **wrong)
        signature = self.private_key.sign(data + sha256(client), ec.ECDSA(hashes.SHA256()))
        said = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        }
        return self._answer(said)

    def _data(self, flags: int, *, credential: bytes = b"", **wrong: Any) -> AuthenticatorData:
        rp_id = wrong.get("rp_id", self.rp_id)
        named = AuthenticatorData.FLAG(flags)
        library: Any = AuthenticatorData
        made: AuthenticatorData = library.create(sha256(rp_id.encode()), named, self.counter or 0, credential)
        return made

    def _client(self, kind: str, options: dict[str, Any], **wrong: Any) -> bytes:
        client = {
            "type": wrong.get("type", kind),
            "challenge": wrong.get("challenge", options["challenge"]),
            "origin": wrong.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(client).encode()

    def _answer(self, said: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": said,
            "clientExtensionResults": {},
        }


def challenge_of(options: dict[str, Any]) -> bytes:
    """The bytes that options ask to sign."""
    return websafe_decode(options["challenge"])

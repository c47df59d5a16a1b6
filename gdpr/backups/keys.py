"""Keys of the backups: age pairs. The server needs the public half; the private half belongs elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyrage

from gdpr import conf
from gdpr.backups import sealing
from gdpr.backups.errors import BackupError, Damaged, Refused
from gdpr.backups.stores import Store

PUBLIC_FILE = "backup-recipients.txt"
IDENTITY_FILE = "backup-identity.txt"
# What a lost key must be able to open, so that the loss is found before it matters.
CANARY = b"This is the canary of a backup key. Whoever reads it can read the backups.\n" * 14
CANARIES = "canaries"


def recipients() -> list[str]:
    """For whom backups are encrypted. Raises BackupError when nobody was named.

    Development makes a pair by itself.
    """
    named = conf.backup_recipients() or _lines(public_file())
    if not named and conf.creates_backup_keys():
        named = [create(conf.keys_dir() / IDENTITY_FILE)]
    if not named:
        raise BackupError(
            "Backups have no key yet. Run `manage.py backup_keys create --identity-out FILE`, "
            "keep FILE away from this server, and run the backup again."
        )
    return named


def create(identity_file: Path) -> str:
    """A new pair: the private half to `identity_file`, the public half beside the server's keys.

    Backups are from now on encrypted for it alone; older ones still need the older identity. Returns the
    recipient. Raises Refused rather than overwrite a private key.
    """
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    _write_private(identity_file, f"# public key: {recipient}\n{identity}\n")
    public = public_file()
    public.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    public.write_text(f"{recipient}\n")
    return recipient


def public_file() -> Path:
    """Where the server's public key lies when it was made here."""
    return conf.keys_dir() / PUBLIC_FILE


def identities(path: Path | None = None) -> list[Any]:
    """The private keys of an identity file (as `age-keygen` writes it), the configured one by default.

    Raises BackupError when there is none.
    """
    chosen = path or identity_file()
    if chosen is None:
        raise BackupError("The private key is needed: name its file with --identity.")
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in _lines(chosen)]
    except pyrage.IdentityError as error:
        raise BackupError(f"{chosen} holds no age private key: {error}") from error
    if not found:
        raise BackupError(f"{chosen} does not exist or holds no age private key.")
    return found


def identity_file() -> Path | None:
    """The identity file this machine may use for drills; None where there is none, as it should be."""
    own = conf.keys_dir() / IDENTITY_FILE
    return conf.backup_identity_file() or (own if own.exists() else None)


def plant_canaries(recipients: list[str], *, store: Store) -> None:
    """Store a small secret for each recipient that has none yet."""
    present = {name for name, _ in store.names(f"{CANARIES}/")}
    for recipient in recipients:
        name = _canary(recipient)
        if name not in present:
            sealing.seal(BytesIO(CANARY), store=store, name=name, recipients=[recipient])


def opened_canaries(identity: Any, *, store: Store) -> Iterator[tuple[str, bool]]:
    """(recipient, can this identity open what was encrypted for it) for each canary in the store."""
    for name, _ in store.names(f"{CANARIES}/"):
        recipient = name.removeprefix(f"{CANARIES}/").removesuffix(".age")
        with store.reading(name) as reader:
            yield recipient, _opens(reader.read(), identity)


def require(names: list[str], identities: list[Any]) -> None:
    """Raise Damaged, naming the keys that are needed, when none of the identities fits."""
    if not {str(identity.to_public()) for identity in identities} & set(names):
        raise Damaged(f"This identity does not fit: the backup was encrypted for {', '.join(names)}.")


def _opens(sealed: bytes, identity: Any) -> bool:
    try:
        pyrage.decrypt(sealed, [identity])
    except pyrage.DecryptError:
        return False
    return True


def _canary(recipient: str) -> str:
    return f"{CANARIES}/{recipient}.age"


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{path} exists; a private key is never overwritten. Choose another file.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text)

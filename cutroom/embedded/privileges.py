"""PostgreSQL refuses to run as root, so root starts it as an unprivileged user that already exists."""

from __future__ import annotations

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cutroom.embedded.errors import EmbeddedError

_CANDIDATES = ("postgres", "nobody")

_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """The user a child becomes, and the one capability (a Linux number) it keeps, if any."""

    user: str
    uid: int
    gid: int
    capability: int | None = None


def server_identity(data_owner: int | None, *, must_reach: Iterable[Path]) -> Identity | None:
    """Who the server runs as: None (ourselves) unless we are root.

    `data_owner` is the owner of an existing data directory. When a path of `must_reach` lies behind a private
    directory such as /root, the child keeps the capability to pass through it; no directory is opened up.
    """
    if os.geteuid() != 0:
        return None
    identity = _unprivileged(data_owner)
    blocked = [path for path in must_reach if not _can_reach(path, identity)]
    if not blocked:
        return identity
    return replace(identity, capability=_search_capability(identity, blocked[0]))


def become(identity: Identity) -> None:
    """Drop root for `identity`, for good. Runs in the child between fork and exec."""
    if identity.capability is not None:
        _check(_LIBC.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl(PR_SET_KEEPCAPS)")
    os.setgroups([])
    os.setgid(identity.gid)
    os.setuid(identity.uid)
    if identity.capability is not None:
        _keep_only(identity.capability)


def _unprivileged(data_owner: int | None) -> Identity:
    if data_owner:
        entry = pwd.getpwuid(data_owner)
        return Identity(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError("PostgreSQL cannot run as root, and this machine has no user `postgres` or `nobody`.")


def _can_reach(path: Path, identity: Identity) -> bool:
    """Whether mode bits let `identity` pass every parent of `path` and read it."""
    resolved = path.resolve()
    return all(_allows(parent, identity, stat.S_IXOTH) for parent in resolved.parents) and _allows(
        resolved, identity, stat.S_IROTH | stat.S_IXOTH
    )


def _allows(path: Path, identity: Identity, wanted: int) -> bool:
    status = path.stat()
    if status.st_uid == identity.uid:
        wanted <<= 6
    elif status.st_gid == identity.gid:
        wanted <<= 3
    return status.st_mode & wanted == wanted


def _search_capability(identity: Identity, blocked: Path) -> int:
    held = _held_capabilities()
    # The weaker one first: read and search, not write. Containers often drop it and leave the stronger.
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if held & (1 << capability):
            return capability
    raise EmbeddedError(
        f"PostgreSQL runs as the user `{identity.user}`, who cannot enter {blocked}. Run as an ordinary "
        "user, move the checkout (or CUTROOM_VAR) to a directory others may enter, or set DATABASE_URL."
    )


def _held_capabilities() -> int:
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0


def _keep_only(capability: int) -> None:
    """Shrink to one capability and make it ambient, so that it survives exec of an ordinary file."""
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _check(_LIBC.capset(header, effective_permitted_inheritable), "capset")
    _check(_LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0), "prctl(PR_CAP_AMBIENT)")


def _check(result: int, call: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), call)

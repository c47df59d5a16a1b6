"""What a media operation says when it refuses or fails."""

from __future__ import annotations

import errno

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class MediaError(Exception):
    """A media operation did not make its file.

    `code` is stable and for machines: unsupported-image, image-too-large, image-too-small, image-broken,
    no-space, encoder-failed and others of the sound operations. `detail` is one sentence for people.
    `retryable` says whether the same spec may succeed another time.
    """

    def __init__(self, code: str, detail: str, *, retryable: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retryable = retryable


def is_disk_full(error: OSError) -> bool:
    """Whether the operating system refused a write for want of room (disk, quota or file size limit)."""
    return error.errno in DISK_FULL


def write_error(error: OSError) -> MediaError:
    """The refusal for a failed write: no-space if there was no room, else encoder-failed."""
    if is_disk_full(error):
        return MediaError("no-space", "There is not enough disk space to write this file.", retryable=True)
    return MediaError(
        "encoder-failed", f"The file could not be written: {error.strerror or error}.", retryable=True
    )


class MediaTimeout(Exception):
    """The operation passed its limit, or stood still, and was killed with its process group."""


class MediaCancelled(Exception):
    """The caller no longer wants the result; the operation was killed with its process group."""


class MediaCrashed(Exception):
    """The process died without an answer; `detail` holds the last lines of its stderr."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

"""How a provider fails, in classes: each is retried, waited out or given up in its own way."""

from __future__ import annotations

from dataclasses import dataclass

from rendering.media.errors import MediaError


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A class of failures.

    `retry_base_seconds` is the first back-off, None when trying again cannot help. `counts` says whether it
    speaks against the provider, and `rest_seconds` how long nobody asks it at all after a single one.
    """

    code: str
    retry_base_seconds: float | None
    counts: bool
    rest_seconds: float | None = None


BUSY = Fault(code="provider-busy", retry_base_seconds=5.0, counts=False)
FAILED = Fault(code="provider-failed", retry_base_seconds=2.0, counts=True)
SILENT = Fault(code="provider-silent", retry_base_seconds=2.0, counts=True)
UNREACHABLE = Fault(code="provider-unreachable", retry_base_seconds=2.0, counts=True)
NONSENSE = Fault(code="provider-nonsense", retry_base_seconds=1.0, counts=True)
# Somebody has to mend it: a new key, a paid bill, a right address. Until then nobody knocks.
LOCKED = Fault(code="provider-key-refused", retry_base_seconds=None, counts=True, rest_seconds=300.0)
REDIRECTED = Fault(code="provider-redirected", retry_base_seconds=None, counts=True, rest_seconds=300.0)
REFUSED = Fault(code="provider-refused", retry_base_seconds=None, counts=False)
RESTING = Fault(code="provider-resting", retry_base_seconds=None, counts=False)
SPENT = Fault(code="provider-budget-spent", retry_base_seconds=None, counts=False)

# It may be well again later, so somebody who would rather wait than take a stand-in can.
PASSING = frozenset({BUSY, FAILED, SILENT, UNREACHABLE, NONSENSE, LOCKED, REDIRECTED, RESTING})


class ProviderError(MediaError):
    """A provider did not make what it was asked for. `retry_after_seconds` is its own wish, if any."""

    def __init__(self, fault: Fault, detail: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(fault.code, detail, retryable=fault.retry_base_seconds is not None)
        self.fault = fault
        self.retry_after_seconds = retry_after_seconds


class Postponed(Exception):
    """The work waits, by the project's choice, until a provider is well again. No failure of the step."""

    def __init__(self, detail: str, *, seconds: float) -> None:
        super().__init__(detail)
        self.detail = detail
        self.seconds = seconds

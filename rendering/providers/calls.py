"""One HTTP call to a provider: breaker, allowance, deadline, size, and a class for whatever went wrong."""

from __future__ import annotations

import email.utils
import json
import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from cutroom import clock, outgoing
from cutroom.outgoing import Answer, OutgoingCancelled, OutgoingError, OutgoingTimeout, OutgoingTooLarge
from rendering import conf, metrics
from rendering.media.errors import MediaCancelled
from rendering.providers import breaker, ledger
from rendering.providers.errors import (
    BUSY,
    FAILED,
    LOCKED,
    NONSENSE,
    REDIRECTED,
    REFUSED,
    SILENT,
    UNREACHABLE,
    Fault,
    ProviderError,
)

MOST_RETRY_AFTER_SECONDS = 24 * 3600.0
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-stability-request-id")


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What a provider is given besides its request: for whom, by when, and whether it is still wanted.

    `key` names the piece of work; every try of it has the same one. `deadline` is of `time.monotonic()`.
    """

    tenant_id: UUID
    key: UUID
    deadline: float
    is_cancelled: Callable[[], bool] = field(default=lambda: False)

    def key_for(self, provider: str) -> UUID:
        """The idempotency key of this work at one provider."""
        return uuid.uuid5(self.key, provider)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to one provider. `accepts` begins the Content-Type of a good answer."""

    provider: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    accepts: tuple[str, ...]
    cost_micros: int
    most_bytes: int


def send(call: Call, errand: Errand, *, into: Path | None = None) -> Answer:
    """Make the call. The answer is a 200 of the right type and not empty; in the file `into` when given.

    Raises ProviderError in the class of what went wrong, MediaCancelled when the work is not wanted any more.
    Never inside a transaction: it may take as long as the errand allows.
    """
    breaker.admit(call.provider)
    ticket = ledger.begin(
        tenant_id=errand.tenant_id,
        key=errand.key_for(call.provider),
        provider=call.provider,
        cost_micros=call.cost_micros,
    )
    began = time.monotonic()
    try:
        answer = _answer(call, errand, into, key=ticket.key)
        _judge(call, answer, into)
    except ProviderError as error:
        _note(call, error)
        ledger.fail(ticket, code=error.code, is_unpaid=error.fault not in (SILENT, UNREACHABLE, NONSENSE))
        raise
    seconds = time.monotonic() - began
    ledger.succeed(ticket, request_id=_request_id(answer), seconds=seconds)
    breaker.note_success(call.provider)
    metrics.note_call(call.provider, "ok", seconds=seconds, micros=call.cost_micros)
    return answer


def nonsense(provider: str, detail: str) -> ProviderError:
    """A good status with a body nobody can use. Speaks against the provider like any failure."""
    error = ProviderError(NONSENSE, f"{provider} {detail}")
    breaker.note_failure(provider, code=error.code, error=error.detail)
    metrics.note_call(provider, error.code)
    return error


def document(provider: str, answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer. Raises ProviderError (nonsense)."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        raise nonsense(provider, "answered with something that is no JSON.") from None
    if not isinstance(found, dict):
        raise nonsense(provider, "answered with JSON of another shape.")
    return found


def _answer(call: Call, errand: Errand, into: Path | None, *, key: UUID) -> Answer:
    left = errand.deadline - time.monotonic()
    seconds = max(0.1, min(left, conf.provider_seconds()))
    try:
        return outgoing.fetch(
            "POST",
            call.url,
            headers={**call.headers, "Idempotency-Key": str(key), "User-Agent": "Cutroom/1"},
            body=call.body,
            seconds=seconds,
            most_bytes=call.most_bytes,
            into=into,
            is_private_allowed=conf.is_private_provider_allowed(),
            is_cancelled=errand.is_cancelled,
        )
    except OutgoingCancelled:
        raise MediaCancelled from None
    except OutgoingTimeout:
        raise ProviderError(SILENT, f"{call.provider} did not answer within {seconds:.0f} seconds.") from None
    except OutgoingTooLarge as error:
        raise ProviderError(NONSENSE, f"{call.provider} sent too much. {error}") from None
    except OutgoingError as error:
        raise ProviderError(UNREACHABLE, f"{call.provider} could not be reached. {error}") from None


def _judge(call: Call, answer: Answer, into: Path | None) -> None:
    if answer.status != 200:
        raise _refusal(call.provider, answer)
    kind = answer.headers.get("content-type", "").lower()
    if not kind.startswith(call.accepts):
        shown = kind.split(";")[0][:60] or "no content type"
        raise ProviderError(NONSENSE, f"{call.provider} answered with {shown}.")
    size = into.stat().st_size if into is not None else len(answer.body)
    if not size:
        raise ProviderError(NONSENSE, f"{call.provider} answered with nothing.")


def _refusal(provider: str, answer: Answer) -> ProviderError:
    fault = _fault(answer)
    said = _words(answer)
    details = {
        BUSY: f"{provider} is busy (429).",
        FAILED: f"{provider} failed ({answer.status}).",
        LOCKED: f"{provider} does not accept this installation's key ({answer.status}). {said}",
        REDIRECTED: f"{provider} answered with a redirect ({answer.status}), which is never followed.",
        REFUSED: f"{provider} refused ({answer.status}). {said}",
    }
    return ProviderError(fault, details[fault].strip(), retry_after_seconds=_retry_after(answer))


def _fault(answer: Answer) -> Fault:
    status = answer.status
    if status == 429:
        # OpenAI says 429 both for "too fast" and for "no money left"; the second does not pass by itself.
        return LOCKED if b"insufficient_quota" in answer.body else BUSY
    if status in (401, 402, 403):
        # Moderation also says 403, with a reason, and then the key is good.
        return REFUSED if status == 403 and b"moderation" in answer.body else LOCKED
    if status in (408, 425) or status >= 500:
        return FAILED
    return REDIRECTED if 300 <= status < 400 else REFUSED


def _words(answer: Answer) -> str:
    """What the provider says about it, if it says so in one of the known shapes; one line, no more."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    error = found.get("error", found.get("detail", found.get("errors", "")))
    for _ in range(2):
        if isinstance(error, dict):
            error = error.get("message", "")
        elif isinstance(error, list):
            error = error[0] if error else ""
    # A refused key is sometimes repeated in the answer.
    words = [word for word in str(error).split() if not word.startswith(("sk-", "sk_"))]
    return " ".join(words)[:160]


def _retry_after(answer: Answer) -> float | None:
    """Seconds or a date (RFC 9110 section 10.2.3)."""
    said = answer.headers.get("retry-after", "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = (email.utils.parsedate_to_datetime(said) - clock.now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), MOST_RETRY_AFTER_SECONDS) if math.isfinite(seconds) else None


def _note(call: Call, error: ProviderError) -> None:
    metrics.note_call(call.provider, error.code)
    wish = error.retry_after_seconds
    if error.fault.counts:
        breaker.note_failure(
            call.provider, code=error.code, error=error.detail, rest_seconds=error.fault.rest_seconds
        )
    elif error.fault is BUSY and wish and wish > conf.retry_base_seconds():
        # Everybody slows down, not only the one who was told.
        breaker.note_failure(call.provider, code=error.code, error=error.detail, rest_seconds=wish)


def _request_id(answer: Answer) -> str:
    return next((answer.headers[name] for name in _REQUEST_ID_HEADERS if name in answer.headers), "")

"""Every operation of the OpenAPI description, called with what it allows and with what it forbids.

No answer is a fault of ours (5xx), and every status is one the description names. CI asks a few cases of each
operation, the same every time. `SCHEMA_CASES=2000 make test ARGS=tests/security/test_schema_fuzz.py` spreads
as many over all of them, and `SCHEMA_SEED` chooses others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis import Case, GenerationMode, SerializationContext
from schemathesis.transport.serialization import serialize_binary

from accounts import limits
from cutroom.problems import CONTENT_TYPE
from tests.architecture.test_api_schema import operations, schema
from tests.architecture.test_tenant_matrix import things

__all__ = ["things"]

pytestmark = pytest.mark.django_db

CASES = int(os.environ.get("SCHEMA_CASES", "0"))
SEED = int(os.environ.get("SCHEMA_SEED", "0"))
IN_CI = 4

OPERATIONS = [(path, method) for path, method, _ in operations()]


@schemathesis.serializer("application/offset+octet-stream")
def _piece(ctx: SerializationContext, value: Any) -> bytes:
    """A piece of an upload goes over the wire as its bytes are."""
    return serialize_binary(value)


@cache
def api() -> Any:
    """The description as schemathesis reads it."""
    return schemathesis.openapi.from_dict(schema())


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits have tests of their own; here they would hide what lies behind them."""

    monkeypatch.setattr(limits, "check", lambda limits: None)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_an_operation_keeps_to_its_description(
    path: str, method: str, alice: APIClient, stranger: APIClient, things: dict[str, str], media: Path
) -> None:
    operation = api()[path][method.upper()]
    examples = max(1, CASES // len(OPERATIONS)) if CASES else IN_CI

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation), knows_things=st.booleans(), is_member=st.sampled_from([True, True, False]))
    def judge(case: Case, knows_things: bool, is_member: bool) -> None:
        if knows_things:
            case.path_parameters = {**(case.path_parameters or {}), **_things(case, things)}
        answer = _ask(alice if is_member else stranger, case)
        documented = operation.definition.raw["responses"]
        told = f"{answer.status_code} to {case.as_curl_command()}\n{_text(answer)[:500]}"
        is_set_up = answer.status_code != 503 or "503" not in documented
        assert answer.status_code < 500 or not is_set_up, told
        assert str(answer.status_code) in documented, told
        if answer.status_code >= 400:
            assert answer["Content-Type"] == CONTENT_TYPE, told

    judge()


def _cases(operation: Any) -> Any:
    kinds = [GenerationMode.POSITIVE]
    if operation.body or operation.query or operation.path_parameters:
        kinds.append(GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(generation_mode=kind) for kind in kinds])


def _things(case: Case, things: dict[str, str]) -> dict[str, str]:
    """Acme's things, for those parts of the path that name one."""
    known = {key.partition(":")[2]: value for key, value in things.items()}
    return {name: known[name] for name in (case.path_parameters or {}) if name in known}


def _ask(client: APIClient, case: Case) -> Any:
    """Send a case as a client on the network would; whatever it did is taken back."""
    case.headers.pop("Authorization", None)
    wire = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {str(name): str(value) for name, value in wire.headers.items()}
    content_type = headers.pop("Content-Type", "application/octet-stream")
    body = wire.body if isinstance(wire.body, bytes) else str(wire.body or "").encode()
    url = str(wire.url).removeprefix("http://testserver")
    call: Callable[..., Any] = client.generic
    with transaction.atomic():
        answer = call(str(case.method), url, body, content_type=content_type, headers=headers)
        transaction.set_rollback(True)
    return answer


def _text(answer: Any) -> str:
    return "" if answer.streaming else str(answer.content[:500])

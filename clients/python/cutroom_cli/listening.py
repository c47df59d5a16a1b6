"""Webhooks for a program on this machine: read from the installation, signed anew, passed on."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
from cutroom_client import AuthenticatedClient
from cutroom_client.api.webhooks import webhooks_messages
from standardwebhooks import Webhook

from cutroom_cli.account import answer

POLL_SECONDS = 2.0
PAGE = 100


def new_secret() -> str:
    """A signing secret for this run."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def messages(client: AuthenticatedClient) -> Iterator[dict[str, Any]]:
    """Each message announced from now on, oldest first, for ever."""
    seen = {message["id"] for message in _newest(client)}
    while True:
        time.sleep(POLL_SECONDS)
        for message in reversed(_newest(client)):
            if message["id"] not in seen:
                seen.add(message["id"])
                yield message


def forward(message: dict[str, Any], *, url: str, secret: str) -> int:
    """Post a message as an endpoint would get it; returns the status of the answer, 0 without one."""
    body = json.dumps({name: message[name] for name in ("type", "timestamp", "data")}, separators=(",", ":"))
    at = datetime.now(UTC)
    message_id = f"msg_{message['id'].replace('-', '')}"
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
    }
    try:
        return httpx.post(url, content=body, headers=headers, timeout=15).status_code
    except httpx.HTTPError:
        return 0


def _newest(client: AuthenticatedClient) -> list[dict[str, Any]]:
    page = answer(webhooks_messages.sync_detailed(client=client, limit=PAGE))
    return [message.to_dict() for message in page.results]

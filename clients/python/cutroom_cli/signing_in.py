"""Signing in without a browser: by the code of the mail, or at once where the server shows the link."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from cutroom_client.api.auth import auth_request_link, auth_verify_link
from cutroom_client.models import LinkRequest, VerifyRequest

from cutroom_cli.account import answer, stranger


def sign_in(url: str, email: str, *, ask_code: Callable[[], str]) -> str:
    """An access token for the person with this address; `ask_code` is asked for the code of the mail.

    A development server (DEBUG) tells the link itself, so nobody has to look into a mail. Raises Refused.
    """
    with stranger(url) as server:
        asked = answer(auth_request_link.sync_detailed(client=server, body=LinkRequest(email=email)))
        link = asked.to_dict().get("magic_link")
        if link:
            proof = VerifyRequest(token=parse_qs(urlsplit(str(link)).query)["token"][0])
        else:
            proof = VerifyRequest(email=email, code=ask_code().strip())
        return str(answer(auth_verify_link.sync_detailed(client=server, body=proof)).access_token)

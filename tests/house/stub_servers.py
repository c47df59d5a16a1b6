"""Stand-ins for what a broken installation meets: name servers and mail servers of our own."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.rdatatype
import dns.resolver
import dns.rrset
import stripe


@contextmanager
def name_server(records: Mapping[str, str]) -> Iterator[None]:
    """The process's resolver asks a server that knows these TXT records and nothing else."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    threading.Thread(target=_answer, args=(server, records), daemon=True).start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    before, dns.resolver.default_resolver = dns.resolver.default_resolver, resolver
    try:
        yield
    finally:
        dns.resolver.default_resolver = before
        server.close()


class Stripe(stripe.HTTPClient):
    """An account with one webhook endpoint: `endpoint` is its id and API version, None refuses the key."""

    name = "stub"
    endpoint: dict[str, str] | None = None

    def request(
        self, method: str, url: str, headers: Any = None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, dict[str, str]]:
        if self.endpoint is None:
            return '{"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}', 401, {}
        found = {"object": "webhook_endpoint", **self.endpoint}
        return json.dumps({"object": "list", "data": [found], "has_more": False}), 200, {}

    def close(self) -> None:
        """Nothing was open."""


@contextmanager
def mail_server() -> Iterator[int]:
    """A server on a port of this machine that greets and takes leave, which is all the doctor asks for."""
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_greet, args=(server,), daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


def _answer(server: socket.socket, records: Mapping[str, str]) -> None:
    while True:
        try:
            data, client = server.recvfrom(4096)
        except OSError:
            return
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        name = query.question[0].name
        text = records.get(name.to_text(omit_final_dot=True))
        if text is not None:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", f'"{text}"'))
        server.sendto(response.to_wire(), client)


def _greet(server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client, client.makefile("rb") as lines:
            client.sendall(b"220 mail.test ready\r\n")
            for line in lines:
                is_over = line.upper().startswith(b"QUIT")
                client.sendall(b"221 bye\r\n" if is_over else b"250 mail.test\r\n")
                if is_over:
                    break

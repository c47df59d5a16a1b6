"""Requests to addresses users typed in reach public hosts only, and end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import pytest

from cutroom import outgoing, public_network
from cutroom.errors import InvalidInput
from cutroom.outgoing import OutgoingError
from tests.tenants.receiver import receiver

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.fixture
def _public_only(settings: Any) -> None:
    settings.CUTROOM_OUTGOING_PRIVATE = False


@pytest.fixture
def _anywhere(settings: Any) -> None:
    settings.CUTROOM_OUTGOING_PRIVATE = True


def send(url: str, *, seconds: float = 5.0) -> outgoing.Answer:
    return outgoing.post(url, body=b"{}", headers={"Content-Type": "application/json"}, seconds=seconds)


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_of_the_inside_is_public(address: str) -> None:
    assert not public_network.is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert public_network.is_public(ip_address(address))


@pytest.mark.usefixtures("_public_only")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/hook",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://example.org/",
        "https://",
        "https://user:word@example.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://localhost/",
        "https://printer.local/",
        *(f"https://[{one}]/" if ":" in one else f"https://{one}/" for one in INSIDE),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_words(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        outgoing.check_url(url)
    assert refused.value.members["errors"][0]["field"] == "url"
    with pytest.raises(OutgoingError):
        send(url)


@pytest.mark.usefixtures("_public_only")
@pytest.mark.parametrize("answers", [["127.0.0.1"], ["1.1.1.1", "10.0.0.7"], ["::ffff:10.0.0.7"]])
def test_a_name_that_leads_inside_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, answers: list[str]
) -> None:
    monkeypatch.setattr(public_network, "resolve", lambda host, port: answers)
    with pytest.raises(OutgoingError, match="private network"):
        send("https://hooks.example.org/")


@pytest.mark.usefixtures("_anywhere")
def test_the_name_is_asked_once_and_the_connection_goes_to_that_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    with receiver() as program:
        port = int(program.url.split(":")[2].split("/")[0])

        def resolve(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        monkeypatch.setattr(public_network, "resolve", resolve)
        assert send(f"http://hooks.example.org:{port}/hook").status == 204
        assert asked == ["hooks.example.org"]
        assert program.got[0][0]["Host"] == f"hooks.example.org:{port}"


@pytest.mark.usefixtures("_anywhere")
def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiver() as program:
        program.answers = [(302, {"Location": program.url}, b"")]
        assert send(program.url).status == 302
        assert len(program.got) == 1


@pytest.mark.usefixtures("_anywhere")
def test_only_the_beginning_of_a_long_answer_is_kept() -> None:
    with receiver() as program:
        program.answers = [(200, {}, b"x" * 5_000_000)]
        assert send(program.url).body == b"x" * outgoing.ANSWER_BYTES


def drip(connection: socket.socket) -> None:
    """A status line, then one header byte after another until the other side hangs up."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    stop = threading.Event()
    while not stop.wait(0.02):
        try:
            connection.sendall(b"a")
        except OSError:
            return


def nonsense(connection: socket.socket) -> None:
    connection.sendall(b"<html>this is not HTTP</html>\r\n\r\n")
    connection.close()


def silence(connection: socket.socket) -> None:
    connection.recv(1)


@contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                behave(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.mark.usefixtures("_anywhere")
@pytest.mark.parametrize(
    ("behave", "words"), [(drip, "No answer within"), (silence, "No answer|failed"), (nonsense, "failed")]
)
def test_a_host_that_drips_or_talks_nonsense_ends_in_a_sentence(
    behave: Callable[[socket.socket], None], words: str
) -> None:
    with server(behave) as url, pytest.raises(OutgoingError, match=words):
        send(url, seconds=0.3)


@pytest.mark.usefixtures("_anywhere")
def test_nobody_there_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(OutgoingError, match="failed"):
        send(f"http://127.0.0.1:{port}/")

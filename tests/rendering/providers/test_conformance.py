"""Every provider that speaks HTTP behaves alike, whatever the other side does."""

from __future__ import annotations

import threading
import time
from typing import Any

import av
import pytest
from PIL import Image
from pytest_django import Settings

from rendering.media.errors import MediaCancelled
from rendering.providers import breaker
from rendering.providers.errors import ProviderError
from rendering.providers.models import CallState, ProviderCall, ProviderSpend, ProviderState
from tenants.context import tenant_context
from tests.rendering.providers.conftest import TEXT, Ask
from tests.rendering.providers.far_side import SPEECH_SECONDS, FarSide


def calls(ask: Ask) -> list[ProviderCall]:
    with tenant_context(ask.tenant_id):
        return list(ProviderCall.objects.all())


def spent(ask: Ask) -> tuple[int, int]:
    with tenant_context(ask.tenant_id):
        found = ProviderSpend.objects.first()
    return (found.calls, found.cost_micros) if found else (0, 0)


def assert_good(ask: Ask, made: Any) -> None:
    if ask.provider.name == "openai-chat":
        title, script = made
        assert title == "The tide mill"
        assert script.startswith("![A pond behind a dam at dawn]()\nThe tide fills the pond.\n\n![")
    elif ask.provider.name in ("openai-images", "stability"):
        with Image.open(ask.out_path) as picture:
            assert picture.size == (384, 256)
    else:
        with av.open(str(ask.out_path)) as sound:
            assert (sound.format.name, sound.streams.audio[0].rate) == ("flac", 48_000)
        assert abs(made["duration_ms"] - 1000 * SPEECH_SECONDS) < 100
        assert "".join(word["text"] for word in made["words"]) == TEXT
        ends = [word["end_ms"] for word in made["words"]]
        assert ends == sorted(ends)
        assert ends[-1] <= made["duration_ms"]


def test_a_good_answer_becomes_what_was_asked_for(ask: Ask, far: FarSide) -> None:
    assert_good(ask, ask())
    [call] = calls(ask)
    assert (call.state, call.tries, call.provider) == (CallState.SUCCEEDED, 1, ask.provider.name)
    assert call.request_id == "req_4711"
    assert call.cost_micros > 0
    assert spent(ask) == (1, call.cost_micros)
    [request] = far.heard
    assert request.headers["idempotency-key"] == str(call.pk)
    assert "sk-test" in (request.headers.get("authorization", "") + request.headers.get("xi-api-key", ""))


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    ("mood", "code", "is_retryable"),
    [
        ("busy", "provider-busy", True),
        ("busy, no word", "provider-busy", True),
        ("no money", "provider-key-refused", False),
        ("fails", "provider-failed", True),
        ("key refused", "provider-key-refused", False),
        ("refused", "provider-refused", False),
        ("a page", "provider-nonsense", True),
        ("nothing", "provider-nonsense", True),
        ("garbage", "provider-nonsense", True),
        ("another type", "provider-nonsense", True),
        ("endless", "provider-nonsense", True),
        ("drips", "provider-silent", True),
        ("silent", "provider-silent", True),
        ("reset", "provider-unreachable", True),
        ("half", "provider-unreachable", True),
        ("redirects inside", "provider-redirected", False),
    ],
)
def test_each_fault_has_its_class_and_leaves_nothing(
    ask: Ask, far: FarSide, mood: str, code: str, is_retryable: bool
) -> None:
    """21, 22: nothing of a bad answer is kept, no redirect is followed, and the deadline is of the whole."""
    far.moods = [mood]
    began = time.monotonic()
    is_slow = mood in ("drips", "silent")
    with pytest.raises(ProviderError) as failed:
        ask(seconds=1.0 if is_slow else 20.0)
    assert (failed.value.code, failed.value.retryable) == (code, is_retryable)
    assert "sk-" not in failed.value.detail
    assert not ask.out_path.exists()
    assert len(far.heard) == 1
    assert not is_slow or time.monotonic() - began < 10
    assert_good(Ask(ask.provider, ask.directory, ask.tenant_id), _after_rest(ask)())


def _after_rest(ask: Ask) -> Ask:
    """The same provider once it is well again."""
    ProviderState.objects.update(rests_until=None)
    return ask


@pytest.mark.fault(21)
def test_a_wish_to_wait_is_told_on(ask: Ask, far: FarSide) -> None:
    far.moods = ["busy"]
    with pytest.raises(ProviderError) as failed:
        ask()
    assert failed.value.retry_after_seconds == 7
    with pytest.raises(ProviderError) as resting:
        ask()
    assert (resting.value.code, len(far.heard)) == ("provider-resting", 1)
    assert 0 < (resting.value.retry_after_seconds or 0) <= 7


@pytest.mark.fault(24)
def test_an_answer_that_got_lost_is_asked_for_by_the_same_key_and_counted_once(
    ask: Ask, far: FarSide
) -> None:
    """24: the far side may have done, and charged, the work."""
    far.moods = ["answer lost"]
    with pytest.raises(ProviderError):
        ask()
    assert_good(ask, ask())
    assert len(set(far.keys())) == 1
    [call] = calls(ask)
    assert (call.state, call.tries) == (CallState.SUCCEEDED, 2)
    assert spent(ask) == (1, call.cost_micros)


def test_a_refused_call_costs_nothing(ask: Ask, far: FarSide) -> None:
    far.moods = ["refused"]
    with pytest.raises(ProviderError):
        ask()
    assert spent(ask) == (0, 0)


def test_an_allowance_that_is_used_up_is_not_exceeded(ask: Ask, far: FarSide, settings: Settings) -> None:
    settings.RENDERING_PROVIDER_CALLS = 1
    ask()
    with pytest.raises(ProviderError) as refused:
        Ask(ask.provider, ask.directory, ask.tenant_id)()
    assert (refused.value.code, len(far.heard)) == ("provider-budget-spent", 1)


def test_a_budget_in_money_is_not_exceeded(ask: Ask, far: FarSide, settings: Settings) -> None:
    settings.RENDERING_PROVIDER_DOLLARS = 0.000001
    with pytest.raises(ProviderError) as refused:
        ask()
    assert (refused.value.code, far.heard) == ("provider-budget-spent", [])


@pytest.mark.fault(23)
def test_a_provider_that_keeps_failing_is_left_alone_and_tried_again(ask: Ask, far: FarSide) -> None:
    far.moods = ["fails"] * breaker.FAILURES
    for _ in range(breaker.FAILURES):
        with pytest.raises(ProviderError, match="500"):
            ask()
    with pytest.raises(ProviderError) as resting:
        ask()
    assert (resting.value.code, len(far.heard)) == ("provider-resting", breaker.FAILURES)
    [state] = breaker.failing()
    assert (state.name, state.failures) == (ask.provider.name, breaker.FAILURES)
    ProviderState.objects.update(rests_until=state.failed_at)
    assert_good(ask, ask())
    assert list(breaker.failing()) == []


def test_a_cancelled_render_does_not_wait_for_an_answer(ask: Ask, far: FarSide) -> None:
    far.moods = ["silent"]
    gone = threading.Event()
    ask.is_cancelled = gone.is_set
    threading.Timer(0.3, gone.set).start()
    began = time.monotonic()
    with pytest.raises(MediaCancelled):
        ask()
    assert time.monotonic() - began < 10


@pytest.mark.fault(22)
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://localhost", "https://10.0.0.7/v1"])
def test_a_private_address_is_reached_only_where_the_operator_allows_it(
    ask: Ask, far: FarSide, settings: Settings, url: str
) -> None:
    settings.RENDERING_PROVIDERS_PRIVATE = False
    for name in ("RENDERING_OPENAI", "RENDERING_STABILITY", "RENDERING_ELEVENLABS"):
        setattr(settings, name, {**getattr(settings, name), "url": url})
    with pytest.raises(ProviderError) as failed:
        ask()
    assert (failed.value.code, far.heard) == ("provider-unreachable", [])


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    "url", ["http://no-such-host.invalid", "https://{address}"], ids=["no name", "no TLS"]
)
def test_a_name_that_leads_nowhere_and_a_server_without_tls_are_sentences(
    ask: Ask, far: FarSide, settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """22: DNS failure and TLS error."""
    url = url.format(address=far.url.removeprefix("http://"))
    for name in ("RENDERING_OPENAI", "RENDERING_STABILITY", "RENDERING_ELEVENLABS"):
        setattr(settings, name, {**getattr(settings, name), "url": url})
    with pytest.raises(ProviderError) as failed:
        ask()
    assert failed.value.code == "provider-unreachable"

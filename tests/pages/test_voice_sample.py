"""Hearing a scene's voice in the editor: spoken by a worker, kept, paid by the film that says the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from cutroom.errors import RateLimited
from metering.models import UsageEvent
from rendering import pipeline, scripts, snapshots, voice_samples
from rendering.film import Film
from rendering.media.errors import MediaError
from rendering.models import CacheEntry, Project, Scene, StepKind
from tenants.context import tenant_context
from tests.cast import Cast
from tests.pages.test_editor import typed


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def address(mill: Project) -> str:
    """The page of the first scene's voice."""
    with tenant_context(mill.tenant_id):
        scene = Scene.objects.get(project=mill, position=1)
    return f"/projects/mill/scenes/{scene.pk}/voice"


def work(mill: Project) -> None:
    """What the worker does when the doorbell rings."""
    with tenant_context(mill.tenant_id):
        scene = Scene.objects.get(project=mill, position=1)
    voice_samples.speak(tenant_id=mill.tenant_id, scene_id=scene.pk)


def ask(browser: Client, mill: Project, **changes: Any) -> Any:
    return browser.post("/projects/mill", typed(mill, deed="hear", **changes))


def test_the_button_saves_and_leads_to_the_voice(
    alice_browser: Client,
    mill: Project,
    address: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as doorbells:
        answer = ask(alice_browser, mill, narration="The pond is full.")
    assert answer["Location"] == address
    assert len(doorbells) == 1
    assert alice_browser.get(address)["Refresh"] == "1"
    assert alice_browser.get(f"{address}.flac").status_code == 404
    work(mill)
    page = alice_browser.get(address)
    assert "Refresh" not in page
    assert "The pond is full." in page.content.decode()
    sound = alice_browser.get(f"{address}.flac")
    assert sound["Content-Type"] == "audio/flac"
    assert b"".join(sound)[:4] == b"fLaC"


def test_a_stranger_hears_nothing(charlie_browser: Client, mill: Project, address: str) -> None:
    assert charlie_browser.get(address).status_code == 404
    assert charlie_browser.get(f"{address}.flac").status_code == 404
    assert Client().get(address).status_code in (302, 403)


def test_a_film_of_the_same_words_finds_the_sample_and_pays_for_it(
    alice_browser: Client, mill: Project
) -> None:
    ask(alice_browser, mill)
    work(mill)
    with tenant_context(mill.tenant_id):
        entry = CacheEntry.objects.get(kind=StepKind.NARRATION)
        script = snapshots.script_of(mill, list(mill.scenes.order_by("position")))
        film = Film(script=script, resolution="4k", aspect="9:16", fps=60, quality="final", title="Mill")
        wanted = {draft.cache_key for draft in pipeline.plan(film, {})}
        assert entry.key in wanted
        assert entry.unpaid["tts_minutes"] == entry.output["duration_ms"] > 0
        assert not UsageEvent.objects.exists()


def test_the_board_shows_how_long_a_scene_takes_once_it_was_spoken(
    alice_browser: Client, mill: Project
) -> None:
    def length() -> str:
        page = alice_browser.get("/projects/mill").content.decode()
        return page.partition('id="narration-count">')[2].partition("<")[0].partition("≈ ")[2]

    guessed = length()
    ask(alice_browser, mill)
    work(mill)
    assert float(length().removesuffix(" s")) < float(guessed.removesuffix(" s"))


def test_asking_twice_speaks_once(
    alice_browser: Client, mill: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(alice_browser, mill)
    work(mill)

    def refuse(*args: Any) -> Any:
        raise AssertionError("spoken again")

    monkeypatch.setattr(voice_samples, "_spoken", refuse)
    ask(alice_browser, mill)
    work(mill)


def test_a_voice_that_fails_says_why(
    alice_browser: Client, mill: Project, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> Any:
        raise MediaError("voice-missing", "The voice is not installed.")

    monkeypatch.setattr(voice_samples, "_spoken", fail)
    ask(alice_browser, mill)
    work(mill)
    page = alice_browser.get(address)
    assert "Not spoken: The voice is not installed." in page.content.decode()
    assert "Refresh" not in page
    monkeypatch.undo()
    ask(alice_browser, mill)
    work(mill)
    assert "<audio" in alice_browser.get(address).content.decode()


def test_without_words_there_is_nothing_to_hear(alice_browser: Client, mill: Project) -> None:
    answer = alice_browser.post("/projects/mill", typed(mill, deed="hear", narration=""), follow=True)
    assert "Write what the voice should say first." in answer.content.decode()


def test_a_person_may_ask_so_often(cast: Cast, mill: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_samples, "SAMPLES_AN_HOUR", 2)
    with tenant_context(cast.acme.pk):
        for words in ("One.", "Two."):
            scene = scripts.add_scene(project=mill, narration=words)
            voice_samples.ask(scene=scene, user_id=cast.alice.pk)
        third = scripts.add_scene(project=mill, narration="Three.")
        with pytest.raises(RateLimited):
            voice_samples.ask(scene=third, user_id=cast.alice.pk)
        voice_samples.ask(scene=third, user_id=cast.bob.pk)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Short.", "Short."),
        ("One sentence. " + "and no end " * 30, "One sentence."),
        ("word " * 60, ("word " * 40).strip()),
        ("字" * 100 + "。" + "字" * 150, "字" * 100 + "。"),
        ("x" * 300, "x" * 200),
    ],
)
def test_only_the_first_words_of_a_long_text_are_said(text: str, said: str) -> None:
    assert voice_samples.first_words(text) == said

"""What a render does when whoever makes its pictures and voices fails."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from metering.models import UsageEvent
from rendering.models import CacheEntry, JobState, RenderJob, StepState
from rendering.providers.models import ProviderCall, ProviderState
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos import invariants
from tests.rendering.providers import film_runs
from tests.rendering.providers.far_side import FarSide

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("media")]

TRIES = 4


def charged(job: RenderJob) -> dict[str, int]:
    with tenant_context(job.tenant_id):
        lines = UsageEvent.objects.filter(key__startswith=f"render:{job.pk}:")
        return dict(lines.values_list("meter", "amount"))


def test_pictures_and_voices_come_from_outside_and_are_charged_once(
    committed_cast: Cast, outside: FarSide
) -> None:
    project = film_runs.make_project(committed_cast)
    job = film_runs.run(film_runs.submit(project))
    assert (job.state, job.degraded) == (JobState.SUCCEEDED, [])
    invariants.assert_all(job)
    assert {request.path for request in outside.heard} == {"/v1/images/generations", "/v1/audio/speech"}
    assert charged(job)["images_count"] == 1
    again = film_runs.run(film_runs.submit(project))
    assert again.state == JobState.SUCCEEDED
    assert len(outside.heard) == 2, "the second render takes both from the cache"


def test_a_scene_without_a_prompt_is_a_card_and_asks_nobody(committed_cast: Cast, outside: FarSide) -> None:
    job = film_runs.submit(film_runs.make_project(committed_cast, prompt=""))
    assert film_runs.try_once(job, "image").state == StepState.SUCCEEDED
    assert outside.heard == []


def test_a_failing_provider_is_tried_four_times_by_one_key_then_replaced(
    committed_cast: Cast, outside: FarSide
) -> None:
    """21, 23, 24: the stand-in is told, is free, and is not found by the next render."""
    outside.for_ever = "fails"
    project = film_runs.make_project(committed_cast)
    job = film_runs.submit(project)
    for failures in range(1, TRIES):
        step = film_runs.try_once(job, "image")
        assert (step.state, step.failures) == (StepState.READY, failures)
    assert film_runs.try_once(job, "image").state == StepState.SUCCEEDED
    assert len(set(outside.keys())) == 1
    outside.for_ever = ""
    ProviderState.objects.all().delete()
    job = film_runs.run(job)
    assert job.state == JobState.SUCCEEDED
    assert job.degraded == ["Picture by local instead: openai-images failed (500)."]
    assert "images_count" not in charged(job)
    invariants.assert_all(job)
    better = film_runs.run(film_runs.submit(project))
    assert better.degraded == []
    assert charged(better)["images_count"] == 1


def test_a_refused_key_is_not_tried_again_and_rests(committed_cast: Cast, outside: FarSide) -> None:
    outside.for_ever = "key refused"
    project = film_runs.make_project(committed_cast)
    job = film_runs.run(film_runs.submit(project))
    assert job.state == JobState.SUCCEEDED
    assert [line.split(":")[0] for line in job.degraded] == [
        "Picture by local instead",
        "Voice by local instead",
    ]
    assert len(outside.heard) == 2
    assert ProviderState.objects.filter(rests_until__isnull=False).count() == 2
    film_runs.run(film_runs.submit(project))
    assert len(outside.heard) == 2, "nobody knocks while the key is wrong"


def test_a_busy_provider_is_waited_for_as_long_as_it_asks(committed_cast: Cast, outside: FarSide) -> None:
    """A wish to wait is no failure of the step, and 429 never costs one of its tries."""
    outside.moods = ["busy"] * 6
    job = film_runs.submit(film_runs.make_project(committed_cast))
    for _ in range(6):
        step = film_runs.try_once(job, "image")
        assert (step.state, step.failures) == (StepState.READY, 0)
        assert step.not_before is not None
        assert (step.not_before - step.ready_at).total_seconds() > 5
        ProviderState.objects.update(rests_until=None)
    assert film_runs.try_once(job, "image").degraded == ""


def test_a_long_wish_brings_the_stand_in(committed_cast: Cast, outside: FarSide) -> None:
    outside.moods = ["busy for long"]
    job = film_runs.submit(film_runs.make_project(committed_cast))
    assert "busy" in film_runs.try_once(job, "image").degraded


@pytest.mark.parametrize("mood", ["busy for long", "key refused", "fails"])
def test_who_would_rather_wait_waits(committed_cast: Cast, outside: FarSide, mood: str) -> None:
    """23: down for half an hour, and the user chose to wait."""
    outside.for_ever = mood
    project = film_runs.make_project(committed_cast, when_unavailable="wait")
    job = film_runs.submit(project)
    for _ in range(2 * TRIES):
        step = film_runs.try_once(job, "image")
        assert step.state == StepState.READY
    outside.for_ever = ""
    ProviderState.objects.all().delete()
    job = film_runs.run(job)
    assert (job.state, job.degraded) == (JobState.SUCCEEDED, [])
    assert charged(job)["images_count"] == 1


def test_the_next_provider_comes_before_the_card(
    committed_cast: Cast, outside: FarSide, settings: Settings
) -> None:
    images = [
        "rendering.providers.openai.OpenAIImages",
        "rendering.providers.stability.StabilityImages",
        "rendering.providers.local.LocalImages",
    ]
    settings.RENDERING_PROVIDERS = {**settings.RENDERING_PROVIDERS, "image": images}
    outside.moods = ["refused"]
    job = film_runs.submit(film_runs.make_project(committed_cast))
    step = film_runs.try_once(job, "image")
    assert step.degraded.startswith("Picture by stability instead: openai-images refused (400).")
    assert step.charges == {"images_count": 1}
    with tenant_context(job.tenant_id):
        states = dict(ProviderCall.objects.values_list("provider", "state"))
        assert states == {"openai-images": "failed", "stability": "succeeded"}
        assert CacheEntry.objects.get(kind="image").key != step.cache_key


def test_an_allowance_that_is_used_up_brings_cards(
    committed_cast: Cast, outside: FarSide, settings: Settings
) -> None:
    settings.RENDERING_PROVIDER_CALLS = 1
    job = film_runs.run(film_runs.submit(film_runs.make_project(committed_cast)))
    assert job.state == JobState.SUCCEEDED
    assert len(outside.heard) == 1
    [line] = job.degraded
    assert line.endswith("This month's allowance for outside providers is used up.")


def test_a_voice_of_a_model_file_speaks(committed_cast: Cast, settings: Settings) -> None:
    """Piper, with the model that comes along in the place of one the operator brought."""
    from rendering.media.speech_piper import _model_path

    settings.RENDERING_PIPER_VOICES = str(_model_path().parent)
    settings.RENDERING_PROVIDERS = {
        **settings.RENDERING_PROVIDERS,
        "narration": ["rendering.providers.piper.PiperVoices", "rendering.providers.local.LocalNarration"],
    }
    voice = f"piper:{_model_path().stem}"
    job = film_runs.submit(film_runs.make_project(committed_cast, voice=voice, language="en"))
    step = film_runs.try_once(job, "narration")
    assert (step.state, step.degraded) == (StepState.SUCCEEDED, "")
    assert "".join(word["text"] for word in step.output["words"]) == film_runs.LINE
    assert step.inputs["provider"] == "piper"

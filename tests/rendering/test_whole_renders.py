"""Whole renders by real workers: many scenes, many scripts, and what a second render costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from cutroom import clock
from metering.models import UsageEvent
from rendering import services
from rendering.choices import Quality
from rendering.film import Film
from rendering.models import JobState, Project, RenderJob, RenderStep, Scene
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos import invariants
from tests.workers import finish, workers

pytestmark = pytest.mark.committed

SCRIPTS = [
    "Twice a day the sea walks up the creek.",
    "Дважды в день море поднимается по ручью.",
    "Δύο φορές τη μέρα η θάλασσα ανεβαίνει το ρυάκι.",
    "مرتين في اليوم يصعد البحر في الخور 🌊",
    "פעמיים ביום הים עולה בנחל.",
    "海水每天两次涌上小溪。海は小川をのぼる。바다가 올라온다.",
]


def make_project(cast: Cast, lines: Sequence[str], *, seconds: float | None = None) -> Project:
    with tenant_context(cast.acme.pk):
        project = Project.objects.create(slug="film", title="Film")
        for position, line in enumerate(lines):
            Scene.objects.create(project=project, position=position, narration=line, duration_seconds=seconds)
    return project


def render(project: Project) -> RenderJob:
    with tenant_context(project.tenant_id):
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    return finish(job)


def worked_on(job: RenderJob) -> Counter[str]:
    """Kinds of the steps that were not cached."""
    with tenant_context(job.tenant_id):
        return Counter(RenderStep.objects.filter(job=job, is_cached=False).values_list("kind", flat=True))


def charged(job: RenderJob) -> dict[str, int]:
    with tenant_context(job.tenant_id):
        rows = UsageEvent.objects.filter(subject=f"render:{job.pk}", key__startswith="render:")
        return dict(rows.values_list("meter", "amount"))


def test_twelve_scenes_in_six_writing_systems_and_an_edit(committed_cast: Cast, worker_log: Path) -> None:
    project = make_project(committed_cast, SCRIPTS * 2)
    with workers(log=worker_log):
        first = render(project)
        assert first.state == JobState.SUCCEEDED, first.error
        invariants.assert_all(first)

        with tenant_context(project.tenant_id):
            edited = Scene.objects.get(project=project, position=4)
            Scene.objects.filter(pk=edited.pk).update(narration="A new line for the fifth scene.")
        second = render(project)
    assert second.state == JobState.SUCCEEDED, second.error
    invariants.assert_all(second)
    assert worked_on(second) == {"image": 1, "narration": 1, "segment": 1, "sound": 1, "stitch": 1}
    assert charged(second)["images_count"] == 1
    assert charged(second)["render_minutes"] < charged(first)["render_minutes"] / 5


def test_an_unchanged_script_costs_nothing_again(committed_cast: Cast, worker_log: Path) -> None:
    project = make_project(committed_cast, SCRIPTS[:2])
    with workers(log=worker_log):
        first, second = render(project), render(project)
    assert second.state == JobState.SUCCEEDED, second.error
    assert worked_on(second) == {}
    assert charged(second) == {}
    assert charged(first)["images_count"] == 2
    invariants.assert_all(second)


def test_sixty_scenes_render_to_the_end(committed_cast: Cast, worker_log: Path) -> None:
    lines = [f"Scene number {number}." for number in range(1, 61)]
    project = make_project(committed_cast, lines)
    seen: list[int] = []
    with workers(log=worker_log):
        with tenant_context(project.tenant_id):
            job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
        ended = finish(job, watch=lambda now: seen.append(now.progress))
    assert ended.state == JobState.SUCCEEDED, ended.error
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    invariants.assert_all(ended)


def test_a_silent_scene_is_as_long_as_asked(committed_cast: Cast, worker_log: Path) -> None:
    project = make_project(committed_cast, [""], seconds=2.0)
    with tenant_context(project.tenant_id):
        Scene.objects.filter(project=project).update(image_prompt="A quiet harbour")
    with workers(log=worker_log):
        job = render(project)
    assert job.state == JobState.SUCCEEDED, job.error
    assert job.duration_ms == 2_000
    assert "tts_minutes" not in charged(job)


def test_a_draft_is_small_free_of_render_minutes_and_spares_the_film_its_voices(
    committed_cast: Cast, worker_log: Path
) -> None:
    project = make_project(committed_cast, SCRIPTS[:3])
    with workers(log=worker_log):
        with tenant_context(project.tenant_id):
            asked = services.submit(
                project=project,
                resolution="4k",
                fps=60,
                user_id=None,
                at=clock.now(),
                quality=Quality.DRAFT,
            )
        draft = finish(asked)
        assert draft.state == JobState.SUCCEEDED, draft.error
        film = render(project)
    invariants.assert_all(draft)
    assert (draft.fps, Film.of(draft).size) == (15, (640, 360))
    assert "render_minutes" not in charged(draft)
    assert "narration" not in worked_on(film)
    assert "tts_minutes" not in charged(film)
    assert charged(film)["render_minutes"] == film.duration_ms

"""A clip as the picture of a scene, and a sound in the place of its voice."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from rest_framework.test import APIClient

from rendering.keys import video_key
from rendering.media import host
from rendering.media.clips import FPS
from rendering.media.specs import ClipSpec, ProbeSpec
from rendering.models import JobState, Project, RenderStep, Scene
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast, browser_of
from tests.rendering.intake.conftest import bring
from tests.rendering.intake.files import make_sound, make_video, turned
from tests.rendering.providers import film_runs

SECONDS = 2.0


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def probe(path: Path) -> dict[str, Any]:
    return host.run(ProbeSpec(in_path=str(path)), timeout_seconds=30)


def remade(path: Path, out: Path, *, size: tuple[int, int], first: int = 0) -> list[np.ndarray]:
    spec = ClipSpec(
        in_path=str(path),
        out_path=str(out),
        width=size[0],
        height=size[1],
        first_frame=first,
        frame_count=150,
    )
    host.run(spec, timeout_seconds=60)
    return pictures(out)


def test_a_film_is_made_anew_at_thirty_frames_without_sound(tmp_path: Path) -> None:
    film = make_video(tmp_path / "f.mp4", seconds=SECONDS, fps=25)
    assert probe(film) == {"kind": "video", "width": 320, "height": 240, "seconds": pytest.approx(2, abs=0.1)}
    out = tmp_path / "out.mp4"
    made = remade(film, out, size=(320, 240))
    assert len(made) == pytest.approx(SECONDS * FPS, abs=2)
    brightness = [float(one[:, 240:].mean()) for one in made]
    assert brightness[0] < 30
    assert brightness[-1] > 225
    assert all(later >= sooner - 2 for sooner, later in pairwise(brightness))
    with av.open(str(out)) as container:
        assert not container.streams.audio


def test_a_slice_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    film = make_video(tmp_path / "f.mp4", seconds=7, size=(64, 64))
    whole = [float(one[:, 40:].mean()) for one in remade(film, tmp_path / "a.mp4", size=(64, 64))]
    rest = [float(one[:, 40:].mean()) for one in remade(film, tmp_path / "b.mp4", size=(64, 64), first=150)]
    assert len(whole) == 150
    assert len(rest) == pytest.approx(60, abs=2)
    assert 0 <= rest[0] - whole[-1] < 5


def test_a_phone_held_upright_is_shown_upright(tmp_path: Path) -> None:
    film = turned(make_video(tmp_path / "f.mp4", seconds=1))
    found = probe(film)
    assert (found["width"], found["height"]) == (240, 320)
    first = remade(film, tmp_path / "out.mp4", size=(240, 320))[0]
    red = [float(part[..., 0].mean()) for part in (first[:100], first[-100:])]
    assert max(red) > 150
    assert min(red) < 80


@pytest.mark.committed
@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("seconds", [1.0, 6.0])
def test_a_clip_fills_its_scene_by_repeating_or_by_being_cut(
    committed_cast: Cast, tmp_path: Path, seconds: float
) -> None:
    project = film_runs.make_project(committed_cast, prompt="")
    client = _client(committed_cast)
    film = make_video(tmp_path / "f.mp4", seconds=1.0).read_bytes()
    upload = _bring(client, committed_cast, project, "f.mp4", film)
    scene = client.get(f"/api/v1/projects/{project.slug}/scenes").json()["results"][0]
    changed = client.patch(
        f"/api/v1/projects/{project.slug}/scenes/{scene['id']}",
        {"image": upload["asset"], "duration_seconds": seconds, "narration": ""},
    )
    assert changed.json()["image"]["kind"] == "video"
    job = film_runs.run(film_runs.submit(project))
    assert (job.state, job.error) == (JobState.SUCCEEDED, None)
    assert "images_count" not in job.charged
    with tenant_context(job.tenant_id), storage.local_path(video_key(job, "mp4")) as path:
        shown = pictures(path)
    assert len(shown) == round(seconds * 24)
    assert shown[0].shape == (720, 1280, 3)
    right = [float(one[:, 900:].mean()) for one in shown]
    assert right[0] < 40
    assert right[23] > 215
    if seconds > 1:
        assert right[25] < 60, "it begins again"


@pytest.mark.committed
@pytest.mark.usefixtures("media")
def test_a_heading_stands_over_a_clip_and_on_its_small_pictures(committed_cast: Cast, tmp_path: Path) -> None:
    project = film_runs.make_project(committed_cast, prompt="")
    client = _client(committed_cast)
    film = make_video(tmp_path / "f.mp4", seconds=1.0).read_bytes()
    upload = _bring(client, committed_cast, project, "f.mp4", film)
    address = f"/api/v1/projects/{project.slug}/scenes"
    scene_id = client.get(address).json()["results"][0]["id"]

    def shown(heading: str) -> tuple[bytes, bytes]:
        client.patch(f"{address}/{scene_id}", {"image": upload["asset"], "heading": heading})
        browser = browser_of(committed_cast.alice, committed_cast.acme)
        small = browser.get(f"/projects/{project.slug}/scenes/{scene_id}/picture")
        frame = client.get(f"{address}/{scene_id}/preview")
        assert (small.status_code, frame.status_code) == (200, 200)
        return small.content, frame.content

    assert all(bare != headed for bare, headed in zip(shown(""), shown("The mill"), strict=True))


@pytest.mark.committed
@pytest.mark.usefixtures("media")
def test_a_recording_is_heard_instead_of_a_voice_and_its_words_are_timed(
    committed_cast: Cast, tmp_path: Path
) -> None:
    project = film_runs.make_project(committed_cast, prompt="")
    client = _client(committed_cast)
    sound = make_sound(tmp_path / "s.wav", seconds=1.5).read_bytes()
    upload = _bring(client, committed_cast, project, "s.wav", sound)
    scene = client.get(f"/api/v1/projects/{project.slug}/scenes").json()["results"][0]
    changed = client.patch(
        f"/api/v1/projects/{project.slug}/scenes/{scene['id']}", {"recording": upload["asset"]}
    )
    assert changed.json()["recording"]["name"] == "s.wav"
    job = film_runs.run(film_runs.submit(project))
    assert job.state == JobState.SUCCEEDED
    assert "tts_minutes" not in job.charged
    with tenant_context(job.tenant_id):
        step = RenderStep.objects.get(job=job, kind="narration")
        assert Scene.objects.get(pk=scene["id"]).recording_id is not None
    assert step.output["duration_ms"] == pytest.approx(1500, abs=60)
    assert "".join(word["text"] for word in step.output["words"]) == film_runs.LINE


def _client(cast: Cast) -> APIClient:
    from tests.cast import bearer

    return bearer(cast.alice, cast.acme)


def _bring(client: APIClient, cast: Cast, project: Project, name: str, body: bytes) -> dict[str, Any]:
    assert project.slug == "mill"
    found = bring(client, cast, name, body)
    assert found["state"] == "ready", found
    return found

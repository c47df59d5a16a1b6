"""The preview is the frame that the encoder gets, pixel for pixel."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from rendering import assets, brands, pipeline, previews, scripts, snapshots
from rendering.cues import guessed_speech
from rendering.film import Film, Known, StepDraft
from rendering.material import card_spec
from rendering.media import cards, segments
from rendering.media.colour import planes_to_rgb
from rendering.media.encoder import SegmentWriter
from rendering.media.planes import Planes
from rendering.models import Project, Scene, StepKind
from rendering.steps import segment_spec
from rendering.views import files
from tenants import storage
from tests.cast import Cast

Upload = Callable[..., SimpleUploadedFile]
SECONDS = (0.0, 1.7, 3.9)  # the last one lies in the dissolve


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Every frame that is handed to the encoder, as RGB."""
    seen: list[np.ndarray] = []
    write = SegmentWriter.write

    def recording(self: SegmentWriter, planes: Planes) -> None:
        seen.append(planes_to_rgb(planes))
        write(self, planes)

    monkeypatch.setattr(SegmentWriter, "write", recording)
    return seen


def film_of(project: Project) -> Film:
    scenes = list(project.scenes.select_related("image").order_by("position"))
    script = snapshots.script_of(project, scenes)
    return Film(
        script=script, resolution="720p", aspect=project.aspect, fps=24, quality="final", title="Mill"
    )


def rendered(film: Film, scene: int, folder: Path) -> None:
    """Do the steps of one scene as the engine does them, with a voice as long as the guess."""
    paths: dict[str, str] = {}
    known: Known = {}
    while fresh := [d for d in pipeline.plan(film, known) if d.slot not in known and d.kind in MADE]:
        for draft in fresh:
            known[draft.slot] = made(draft, film, folder=folder, paths=paths)
    drafts = [d for d in pipeline.plan(film, known) if (d.kind, d.scene) == (StepKind.SEGMENT, scene)]
    for draft in drafts:
        spec = segment_spec(draft.inputs, out_path=str(folder / "segment.mp4"), paths=paths)
        segments.run(spec, progress=lambda _: None)


MADE = (StepKind.IMAGE, StepKind.NARRATION)


def made(draft: StepDraft, film: Film, *, folder: Path, paths: dict[str, str]) -> dict[str, Any]:
    if draft.kind == StepKind.NARRATION:
        speech = guessed_speech(draft.inputs["text"], language=draft.inputs["language"])
        return {"content": draft.cache_key, "storage_key": "", **speech}
    logo = film.brand.get("logo")
    if logo:
        paths[logo["storage_key"]] = local(logo["storage_key"], folder)
    if "asset" in draft.inputs:
        paths[draft.inputs["files"]] = local(draft.inputs["files"], folder)
        return {"content": draft.inputs["asset"], "storage_key": draft.inputs["files"]}
    path = str(folder / f"{draft.cache_key}.png")
    picture = paths.get(draft.inputs["files"].get("picture", ""), "")
    cards.run(card_spec(draft.inputs, out_path=path, picture_path=picture), progress=lambda _: None)
    paths[draft.cache_key] = path
    return {"content": draft.cache_key, "storage_key": draft.cache_key}


def local(key: str, folder: Path) -> str:
    target = folder / Path(key).name
    if not target.exists():
        storage.copy_to(key, target)
    return str(target)


@pytest.mark.parametrize("look", ["title", "quote", "list", "photo", "split", "chart"])
def test_a_preview_is_the_frame_before_the_encoder(
    inside_acme: Cast, media: Path, picture: Upload, encoded: list[np.ndarray], tmp_path: Path, look: str
) -> None:
    project = scripts.create_project(title="Mill", script="Half is 50 %, a third 33 %. It turns.\n\nNext.")
    scene = Scene.objects.get(project=project, position=1)
    changes: dict[str, Any] = {"look": look, "transition": "dissolve", "heading": "Shares"}
    if look == "split":
        changes["image_id"] = assets.add_asset(project=project, upload=picture()).pk
    scripts.update_scene(scene=scene, **changes)
    brands.set_logo(upload=picture(80, 40))
    brands.change(paper="#0b1f33", ink="#f4f7fb", accent="#ffb000")
    rendered(film_of(project), 0, tmp_path)
    for seconds in SECONDS:
        found = drawn(project, scene, at_seconds=seconds)
        shown = np.asarray(Image.open(BytesIO(found)).convert("RGB"))
        assert np.array_equal(shown, encoded[round(seconds * 24)])


def drawn(project: Project, scene: Scene, *, at_seconds: float) -> bytes:
    from rendering.previews import preview

    found = preview(project=project, scene=scene, resolution="720p", fps=24, at_seconds=at_seconds)
    return found.draw()


def test_the_editor_shows_it_and_a_browser_keeps_it(alice_browser: Client, mill: Project) -> None:
    page = alice_browser.get("/projects/mill").content.decode()
    address = page.partition('id="preview"><img src="')[2].partition('"')[0]
    first = alice_browser.get(address)
    assert (first.status_code, first["Content-Type"]) == (200, "image/png")
    assert Image.open(BytesIO(first.content)).size == (1280, 720)
    again = alice_browser.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_api_draws_the_frame_that_was_asked_for(alice: APIClient, mill: Project) -> None:
    scene = alice.get("/api/v1/projects/mill/scenes").json()["results"][0]["id"]
    address = f"/api/v1/projects/mill/scenes/{scene}/preview"
    assert alice.get(f"{address}?at=0&fps=30").content != alice.get(f"{address}?at=2&fps=30").content
    assert alice.get(f"{address}?at=soon").status_code == 400
    assert alice.get(f"{address}?resolution=4k").status_code == 400


def test_a_stranger_sees_no_preview(charlie: APIClient, alice: APIClient, mill: Project) -> None:
    scene = alice.get("/api/v1/projects/mill/scenes").json()["results"][0]["id"]
    assert charlie.get(f"/api/v1/projects/mill/scenes/{scene}/preview").status_code == 404


def test_a_person_may_ask_so_often(
    alice_browser: Client, bob_browser: Client, mill: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PREVIEWS_A_MINUTE", 1)
    page = alice_browser.get("/projects/mill").content.decode()
    address = page.partition('id="preview"><img src="')[2].partition('"')[0]
    assert [alice_browser.get(address).status_code for _ in range(2)] == [200, 429]
    assert bob_browser.get(address).status_code == 200


def test_a_preview_that_takes_too_long_is_given_up(
    alice: APIClient, mill: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "_MOST_SECONDS", 0.0)
    scene = alice.get("/api/v1/projects/mill/scenes").json()["results"][0]["id"]
    answer = alice.get(f"/api/v1/projects/mill/scenes/{scene}/preview")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")

"""Voices, languages and music of a project and of single scenes."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from rendering import pipeline, snapshots
from rendering.film import Film
from rendering.models import Asset, AssetKind, Project, StepKind
from tenants.context import tenant_context
from tests.cast import Cast

SCENES = "/api/v1/projects/mill/scenes"


@pytest.fixture
def song(cast: Cast, mill: Project) -> Asset:
    """A sound file of the project."""
    with tenant_context(cast.acme.pk):
        return Asset.objects.create(
            project=mill, kind=AssetKind.AUDIO, name="song.flac", content_type="audio/flac", size_bytes=10,
            sha256="5" * 64, storage_key=f"tenants/{cast.acme.pk}/assets/song.flac",
        )  # fmt: skip


def drafts(project: Project) -> list[Any]:
    with tenant_context(project.tenant_id):
        project = Project.objects.get(pk=project.pk)
        script = snapshots.script_of(project, list(project.scenes.order_by("position")))
    film = Film(script=script, resolution="720p", aspect="16:9", fps=24, quality="final", title="Mill")
    return pipeline.plan(film, {})


def test_the_list_of_voices(alice: APIClient) -> None:
    every = alice.get("/api/v1/voices").json()["results"]
    assert every[0] == {"id": "joe", "name": "Joe", "is_natural": True, "languages": ["en"]}
    assert len(every) >= 6
    german = alice.get("/api/v1/voices?language=de-AT").json()["results"]
    assert [voice["id"] for voice in german] == [voice["id"] for voice in every[1:]]
    assert alice.get("/api/v1/voices?language=xx").status_code == 400


def test_a_scene_may_have_its_own_voice_and_language(alice: APIClient, mill: Project) -> None:
    scene = alice.get(SCENES).json()["results"][1]["id"]
    answer = alice.patch(f"{SCENES}/{scene}", {"voice": "alma", "language": "de"})
    assert (answer.json()["voice"], answer.json()["language"]) == ("alma", "de")
    spoken = [draft.inputs for draft in drafts(mill) if draft.kind == StepKind.NARRATION]
    assert [(row["voice"], row["language"]) for row in spoken] == [("", "en"), ("alma", "de"), ("", "en")]


@pytest.mark.parametrize("body", [{"voice": "amy"}, {"language": "xx"}])
def test_a_scene_cannot_have_a_voice_that_there_is_not(
    alice: APIClient, mill: Project, body: dict[str, str]
) -> None:
    scene = alice.get(SCENES).json()["results"][0]["id"]
    assert alice.patch(f"{SCENES}/{scene}", body).status_code == 400


def test_music_is_a_loop_or_a_sound_file_of_the_project(alice: APIClient, mill: Project, song: Asset) -> None:
    address = "/api/v1/projects/mill"
    assert alice.patch(address, {"music": str(song.pk)}).json()["music"] == str(song.pk)
    assert alice.get(address).json()["music"] == str(song.pk)
    assert alice.patch(address, {"music": "calm"}).json()["music"] == "calm"
    assert alice.patch(address, {"music": "noise"}).status_code == 400
    assert alice.patch(address, {"music": str(uuid.uuid4())}).status_code == 400


def test_a_picture_is_no_music(alice: APIClient, cast: Cast, mill: Project, song: Asset) -> None:
    with tenant_context(cast.acme.pk):
        Asset.objects.filter(pk=song.pk).update(kind=AssetKind.IMAGE)
    assert alice.patch("/api/v1/projects/mill", {"music": str(song.pk)}).status_code == 400


@pytest.mark.parametrize(
    ("sent", "kept"), [(True, "words"), (False, "off"), ("soft", "soft"), ("burned", "burned")]
)
def test_captions_are_named_or_switched(alice: APIClient, mill: Project, sent: Any, kept: str) -> None:
    assert alice.patch("/api/v1/projects/mill", {"captions": sent}).json()["captions"] == kept


def test_captions_that_there_are_not_are_refused(alice: APIClient, mill: Project) -> None:
    assert alice.patch("/api/v1/projects/mill", {"captions": "loud"}).status_code == 400

"""/api/v1/script-drafts and the create page: a topic in, a script out."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from rendering import drafting
from rendering.models import Project
from rendering.providers.models import DraftState, ProviderState, ScriptDraft
from tenants.context import tenant_context
from tests.cast import Cast
from tests.rendering.providers.far_side import FarSide

DRAFTS = "/api/v1/script-drafts"
TOPIC = "How a tide mill works"


def write(cast: Cast) -> ScriptDraft:
    """What the worker does."""
    with tenant_context(cast.acme.pk):
        draft = ScriptDraft.objects.get()
        ScriptDraft.objects.update(not_before=draft.created_at)
    drafting.work(tenant_id=cast.acme.pk, draft_id=draft.pk)
    with tenant_context(cast.acme.pk):
        return ScriptDraft.objects.get()


def test_a_topic_becomes_a_script(alice: APIClient, cast: Cast, outside: FarSide) -> None:
    asked = alice.post(DRAFTS, {"topic": TOPIC, "scenes": 2})
    assert (asked.status_code, asked["Retry-After"]) == (202, "2")
    assert asked.json()["state"] == "queued"
    write(cast)
    found: dict[str, Any] = alice.get(asked["Location"]).json()
    assert (found["state"], found["title"]) == ("succeeded", "The tide mill")
    project = alice.post("/api/v1/projects", {"title": found["title"], "script": found["script"]}).json()
    assert [scene["narration"] for scene in project["scenes"]] == [
        "The tide fills the pond.",
        "The gate falls shut.",
    ]
    assert project["scenes"][0]["image_prompt"] == "A pond behind a dam at dawn"
    assert b'\\"topic\\": \\"How a tide mill works\\"' in outside.heard[0].body


def test_a_failing_provider_is_tried_again_then_given_up_in_words(
    alice: APIClient, cast: Cast, outside: FarSide
) -> None:
    outside.for_ever = "fails"
    location = alice.post(DRAFTS, {"topic": TOPIC})["Location"]
    for _ in range(3):
        assert write(cast).state == DraftState.QUEUED
    assert write(cast).state == DraftState.FAILED
    assert alice.get(location).json()["error"] == "openai-chat failed (500)."
    assert len(set(outside.keys())) == 1


@pytest.mark.parametrize("mood", ["a page", "garbage", "endless"])
def test_nonsense_is_never_a_script(alice: APIClient, cast: Cast, outside: FarSide, mood: str) -> None:
    outside.moods = [mood]
    alice.post(DRAFTS, {"topic": TOPIC})
    assert write(cast).script == ""
    ProviderState.objects.all().delete()
    assert write(cast).state == DraftState.SUCCEEDED


def test_two_workers_ask_once(alice: APIClient, cast: Cast, outside: FarSide) -> None:
    alice.post(DRAFTS, {"topic": TOPIC})
    draft = write(cast)
    drafting.work(tenant_id=cast.acme.pk, draft_id=draft.pk)
    assert len(outside.heard) == 1


def test_where_nobody_writes_it_says_so(alice: APIClient, alice_browser: Client) -> None:
    refused = alice.post(DRAFTS, {"topic": TOPIC})
    assert (refused.status_code, refused.json()["code"]) == (409, "no-script-provider")
    assert b"From a topic" not in alice_browser.get("/create").content


def test_a_draft_is_its_tenants(alice: APIClient, charlie: APIClient, cast: Cast, outside: FarSide) -> None:
    location = alice.post(DRAFTS, {"topic": TOPIC})["Location"]
    assert charlie.get(location).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"topic": " "}, {"topic": "x", "scenes": 99}, {"topic": "x", "language": "tlh-XX"}]
)
def test_a_bad_wish_names_its_field(alice: APIClient, outside: FarSide, body: dict[str, Any]) -> None:
    answer = alice.post(DRAFTS, body)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_the_create_page_writes_waits_and_shows(alice_browser: Client, cast: Cast, outside: FarSide) -> None:
    form = {"topic": TOPIC, "language": "en", "scenes": "2"}
    waiting = alice_browser.post("/create/topic", form)
    assert waiting.status_code == 302
    page = alice_browser.get(waiting["Location"])
    assert page["Refresh"] == "2"
    assert TOPIC.encode() in page.content
    write(cast)
    ready = alice_browser.get(waiting["Location"]).content.decode()
    assert "The gate falls shut." in ready
    assert 'value="The tide mill"' in ready


def test_the_create_page_keeps_the_topic_of_a_script_that_was_not_written(
    alice_browser: Client, cast: Cast, outside: FarSide
) -> None:
    outside.for_ever = "refused"
    location = alice_browser.post("/create/topic", {"topic": TOPIC, "language": "en", "scenes": "2"})[
        "Location"
    ]
    write(cast)
    page = alice_browser.get(location).content.decode()
    assert "The script was not written: openai-chat refused (400)." in page
    assert f'value="{TOPIC}"' in page


def test_voices_from_outside_can_be_chosen(
    alice: APIClient, mill: Project, outside: FarSide, settings: Settings
) -> None:
    assert alice.patch("/api/v1/projects/mill", {"voice": "openai:coral"}).status_code == 200
    refused = alice.patch("/api/v1/projects/mill", {"voice": "openai:nobody"})
    assert refused.status_code == 400
    assert "openai:coral" in refused.json()["errors"][0]["detail"]

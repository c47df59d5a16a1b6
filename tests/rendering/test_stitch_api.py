"""POST …/render/stitch and …/render/quote: what is accepted, what it costs, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from cutroom import clock
from metering import services as metering
from metering.meters import Meter
from rendering.models import Project, RenderJob
from tenants.context import tenant_context
from tests.cast import Cast

STITCH = "/api/v1/projects/mill/render/stitch"
QUOTE = "/api/v1/projects/mill/render/quote"
BODY = {"resolution": "1080p", "fps": 24}


def held(client: APIClient) -> dict[str, float]:
    return {row["meter"]: row["held"] for row in client.get("/api/v1/usage").json()["meters"] if row["held"]}


def renders(cast: Cast) -> int:
    with tenant_context(cast.acme.pk):
        return RenderJob.objects.count()


def test_a_render_is_accepted(alice: APIClient, mill: Project) -> None:
    answer = alice.post(STITCH, BODY)
    assert answer.status_code == 202
    accepted = answer.json()
    path = f"/api/v1/renders/{accepted['id']}"
    assert accepted | {"estimate": None} == {
        "id": accepted["id"],
        "state": "queued",
        "status_url": path,
        "events_url": f"{path}/events",
        "estimate": None,
    }
    assert set(accepted["estimate"]) == {"images", "tts_minutes", "render_minutes", "seconds"}
    assert accepted["estimate"]["images"] == 3
    assert answer["Location"] == path
    assert int(answer["Retry-After"]) > 0
    assert alice.get(path).json()["state"] == "queued"


def test_what_it_may_cost_is_held(alice: APIClient, mill: Project) -> None:
    estimate = alice.post(STITCH, BODY).json()["estimate"]
    now = held(alice)
    assert now["images_count"] == estimate["images"]
    assert now["tts_minutes"] == pytest.approx(estimate["tts_minutes"], abs=0.01)
    assert now["render_minutes"] == pytest.approx(estimate["render_minutes"], abs=0.01)


def test_it_takes_at_most_twelve_queries(
    alice: APIClient, mill: Project, django_assert_max_num_queries: Any
) -> None:
    script = "\n\n".join(f"Sentence number {number}." for number in range(60))
    alice.put("/api/v1/projects/mill/script", {"script": script})
    with django_assert_max_num_queries(12):
        assert alice.post(STITCH, BODY).status_code == 202


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"resolution": "8k"}, "resolution", "720p, 1080p, 4k"),
        ({"resolution": None}, "resolution", ""),
        ({"fps": 23}, "fps", "24, 25, 30, 60"),
        ({"fps": "fast"}, "fps", "24, 25, 30, 60"),
    ],
)
def test_an_unknown_choice_names_the_possible_ones(
    alice: APIClient, cast: Cast, mill: Project, change: dict[str, Any], field: str, allowed: str
) -> None:
    answer = alice.post(STITCH, BODY | change)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert allowed in error["detail"]
    assert renders(cast) == 0


def test_4k_needs_a_larger_plan(alice: APIClient, cast: Cast, mill: Project) -> None:
    answer = alice.post(STITCH, {"resolution": "4k", "fps": 24})
    assert (answer.status_code, answer.json()["code"]) == (402, "plan-required")
    assert answer.json()["feature"] == "4k"
    assert answer.json()["upgrade_url"].endswith("/billing")
    assert renders(cast) == 0


def test_the_refusal_beyond_the_quota_is_the_promised_sentence(
    alice: APIClient, cast: Cast, mill: Project
) -> None:
    with tenant_context(cast.acme.pk):
        metering.charge(
            tenant_id=cast.acme.pk,
            event_key="before",
            meter=Meter.RENDER,
            amount=475 * 60_000,
            subject="test",
            at=clock.now(),
        )
    long = "\n\n".join("All day the wheel turns and the stones grind on. " * 14 for _ in range(40))
    alice.put("/api/v1/projects/mill/script", {"script": long})
    answer = alice.post(STITCH, BODY)
    assert answer.status_code == 402
    problem = answer.json()
    assert problem["detail"] == "Usage quota exceeded for render_minutes (95% of 500 limit)"
    assert (problem["code"], problem["meter"]) == ("quota-exceeded", "render_minutes")
    assert (problem["used"], problem["limit"]) == (475, 500)
    assert problem["requested"] > 25
    assert {"resets_at", "upgrade_url"} <= set(problem)
    assert (renders(cast), held(alice)) == (0, {})


@pytest.mark.parametrize("path", [STITCH, QUOTE])
def test_without_scenes_there_is_nothing_to_render(alice: APIClient, mill: Project, path: str) -> None:
    for scene in alice.get("/api/v1/projects/mill/scenes").json()["results"]:
        alice.delete(f"/api/v1/projects/mill/scenes/{scene['id']}")
    alice.post("/api/v1/projects/mill/scenes", {})
    answer = alice.post(path, BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-to-render")


def test_a_quote_is_the_estimate_and_holds_nothing(alice: APIClient, cast: Cast, mill: Project) -> None:
    quote = alice.post(QUOTE, BODY).json()
    assert (quote["admitted"], quote["refusal"]) == (True, None)
    assert (renders(cast), held(alice)) == (0, {})
    assert alice.post(STITCH, BODY).json()["estimate"] == quote["estimate"]


def test_a_quote_says_why_it_would_be_refused(alice: APIClient, mill: Project) -> None:
    answer = alice.post(QUOTE, {"resolution": "4k", "fps": 24})
    assert answer.status_code == 200
    quote = answer.json()
    refused = alice.post(STITCH, {"resolution": "4k", "fps": 24}).json()
    assert quote["admitted"] is False
    assert quote["refusal"] | {"request_id": ""} == refused | {"request_id": ""}


def test_the_same_key_makes_one_render(alice: APIClient, cast: Cast, mill: Project) -> None:
    key = {"Idempotency-Key": "render-once"}
    first = alice.post(STITCH, BODY, headers=key)
    again = alice.post(STITCH, BODY, headers=key)
    assert (again.status_code, json.loads(again.content)) == (202, first.json())
    assert alice.post(STITCH, BODY | {"fps": 25}, headers=key).status_code == 422
    assert renders(cast) == 1


def test_later_edits_do_not_reach_a_render(alice: APIClient, cast: Cast, queued: RenderJob) -> None:
    alice.put("/api/v1/projects/mill/script", {"script": "Something else."})
    alice.patch("/api/v1/projects/mill", {"title": "Renamed"})
    with tenant_context(cast.acme.pk):
        queued.refresh_from_db()
    assert queued.script["scenes"][0]["narration"] == "The tide fills the pond."
    assert alice.get(f"/api/v1/renders/{queued.pk}").json()["title"] == "Mill"

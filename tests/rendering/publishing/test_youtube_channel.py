"""Connecting a channel, publishing through the API and the pages, and leaving."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from rendering.models import RenderJob
from rendering.publishing import services
from rendering.publishing.errors import GoogleError
from rendering.publishing.models import Publication, PublicationState, YouTubeChannel
from tenants.context import tenant_context
from tests.cast import Cast
from tests.rendering.publishing.conftest import connect, make_video, publish, work
from tests.rendering.publishing.google import Google

PAGE = "/account/youtube"


@pytest.fixture
def job(cast: Cast, far: Google, media: Path, tmp_path: Path) -> RenderJob:
    return make_video(cast, tmp_path)


def at_google(browser: Client) -> dict[str, str]:
    """Press Connect; what the browser brings to Google's page."""
    answer = browser.post(f"{PAGE}/connect")
    assert answer.status_code == 302
    url = urlsplit(answer["Location"])
    assert f"{url.scheme}://{url.netloc}" == "https://accounts.google.com"
    return {name: values[0] for name, values in parse_qs(url.query).items()}


def test_a_channel_is_connected_by_code_and_pkce(alice_browser: Client, cast: Cast, far: Google) -> None:
    asked = at_google(alice_browser)
    assert (asked["access_type"], asked["code_challenge_method"]) == ("offline", "S256")
    back = alice_browser.get(f"{PAGE}/callback", {"state": asked["state"], "code": "abc"}, follow=True)
    assert b"The channel Tide Mills is connected." in back.content
    [request] = far.token_requests
    assert (request["code"], request["redirect_uri"]) == ("abc", asked["redirect_uri"])
    assert request["code_verifier"] != asked["code_challenge"]
    with tenant_context(cast.acme.pk):
        channel = YouTubeChannel.objects.get()
        assert services.unseal(channel.token_sealed) == "refresh-abc"
        assert b"refresh-abc" not in bytes(channel.token_sealed)


@pytest.mark.parametrize("query", [{"state": "other", "code": "abc"}, {"code": "abc"}, {}])
def test_a_connection_that_this_browser_did_not_begin_is_refused(
    alice_browser: Client, cast: Cast, far: Google, query: dict[str, str]
) -> None:
    at_google(alice_browser)
    back = alice_browser.get(f"{PAGE}/callback", query, follow=True)
    assert b"was not begun here" in back.content
    assert far.token_requests == []


def test_a_state_is_good_once(alice_browser: Client, far: Google) -> None:
    asked = at_google(alice_browser)
    query = {"state": asked["state"], "code": "abc"}
    alice_browser.get(f"{PAGE}/callback", query)
    again = alice_browser.get(f"{PAGE}/callback", query, follow=True)
    assert b"was finished already" in again.content


def test_saying_no_at_google_connects_nothing(alice_browser: Client, far: Google) -> None:
    asked = at_google(alice_browser)
    query = {"state": asked["state"], "error": "access_denied"}
    back = alice_browser.get(f"{PAGE}/callback", query, follow=True)
    assert b"answered with no" in back.content


def test_an_account_without_a_channel_says_so(alice_browser: Client, far: Google) -> None:
    far.has_channel = False
    asked = at_google(alice_browser)
    back = alice_browser.get(f"{PAGE}/callback", {"state": asked["state"], "code": "abc"}, follow=True)
    assert b"has no YouTube channel" in back.content


@pytest.mark.parametrize("path", ["", "/callback"])
def test_creators_do_not_connect(bob_browser: Client, far: Google, path: str) -> None:
    assert bob_browser.get(f"{PAGE}{path}").status_code == 403


def test_disconnecting_revokes_and_stops_what_is_on_its_way(
    alice_browser: Client, cast: Cast, job: RenderJob, far: Google
) -> None:
    connect(cast)
    publication = publish(job)
    page = alice_browser.post(f"{PAGE}/disconnect", follow=True)
    assert b"Google has taken the permission back" in page.content
    assert far.revoked == ["refresh-old"]
    assert work(publication).state == PublicationState.FAILED
    assert far.sessions == {}
    with tenant_context(cast.acme.pk):
        assert not YouTubeChannel.objects.exists()


def test_when_google_cannot_be_told_the_channel_is_forgotten_here_and_says_so(
    alice_browser: Client, cast: Cast, far: Google
) -> None:
    connect(cast)
    far.is_revoking = False
    page = alice_browser.post(f"{PAGE}/disconnect", follow=True)
    assert b"myaccount.google.com/permissions" in page.content
    with tenant_context(cast.acme.pk):
        assert not YouTubeChannel.objects.exists()


def test_erasure_revokes_or_is_tried_again(cast: Cast, far: Google) -> None:
    connect(cast)
    far.is_revoking = False
    with pytest.raises(GoogleError):
        services.revoke_for_erasure(tenant_id=cast.acme.pk)
    far.is_revoking = True
    services.revoke_for_erasure(tenant_id=cast.acme.pk)
    assert far.revoked == ["refresh-old"] * 2
    services.revoke_for_erasure(tenant_id=cast.acme.pk)
    assert len(far.revoked) == 2


def test_publishing_by_the_api(bob: APIClient, charlie: APIClient, cast: Cast, job: RenderJob) -> None:
    connect(cast)
    url = f"/api/v1/renders/{job.pk}/publish/youtube"
    assert bob.get(url).status_code == 404
    asked = bob.post(url, {"title": "Mill", "description": "About mills.", "privacy": "unlisted"})
    assert asked.status_code == 202
    assert (asked.json()["state"], asked.json()["progress"], asked["Location"]) == ("queued", 0, url)
    twice = bob.post(url, {})
    assert (twice.status_code, twice.json()["code"]) == (409, "already-published")
    with tenant_context(cast.acme.pk):
        work(Publication.objects.get())
    found = bob.get(url).json()
    assert (found["state"], found["progress"]) == ("succeeded", 100)
    assert found["video_url"].startswith("https://youtu.be/")
    assert charlie.get(url).status_code == charlie.post(url, {}).status_code == 404


def test_publishing_needs_a_plan_a_channel_and_a_video(
    alice: APIClient, cast: Cast, job: RenderJob, settings: Settings
) -> None:
    url = f"/api/v1/renders/{job.pk}/publish/youtube"
    missing = alice.post(url, {})
    assert (missing.status_code, missing.json()["code"]) == (409, "no-channel")
    pro = {"limits": {}, "features": ["publish"]}
    settings.METERING_PLANS = {"free": {"limits": {}, "features": []}, "pro": pro}
    refused = alice.post(url, {})
    assert (refused.status_code, refused.json()["code"]) == (402, "plan-required")
    settings.METERING_PLANS = {"free": {"limits": {}, "features": ["publish"]}}
    settings.RENDERING_YOUTUBE_CLIENT_ID = ""
    assert alice.post(url, {}).json()["code"] == "publishing-not-set-up"


@pytest.mark.parametrize(
    "body", [{"title": "x" * 101}, {"title": "<b>"}, {"description": "é" * 3_000}, {"privacy": "secret"}]
)
def test_what_youtube_would_refuse_is_refused_before(
    alice: APIClient, cast: Cast, job: RenderJob, body: dict[str, str]
) -> None:
    connect(cast)
    answer = alice.post(f"/api/v1/renders/{job.pk}/publish/youtube", body)
    assert answer.status_code == 400
    assert [row["field"] for row in answer.json()["errors"]] == [*body]


def test_publishing_by_the_page(bob_browser: Client, cast: Cast, job: RenderJob, far: Google) -> None:
    url = f"/renders/{job.pk}/publish"
    assert b"No YouTube channel is connected." in bob_browser.get(url).content
    connect(cast)
    assert b"Tide Mills" in bob_browser.get(url).content
    typed = {"title": "", "description": "About <mills>.", "privacy": "public"}
    refused = bob_browser.post(url, typed)
    assert refused.status_code == 400
    assert b"About &lt;mills&gt;." in refused.content
    sent = bob_browser.post(url, {**typed, "description": "About mills."}, follow=True)
    assert b"Waiting to be sent" in sent.content
    assert sent["Refresh"] == "3"
    with tenant_context(cast.acme.pk):
        work(Publication.objects.get())
    assert b"The video is on YouTube." in bob_browser.get(url).content

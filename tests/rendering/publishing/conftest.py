"""A finished video of nine megabytes, a plan that may publish, and Google on this machine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from cutroom import clock
from rendering import scripts, services
from rendering.keys import video_key
from rendering.models import JobState, RenderJob
from rendering.publishing import sending
from rendering.publishing import services as publishing
from rendering.publishing.models import Publication, YouTubeChannel
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast
from tests.rendering.publishing.google import Google, google

VIDEO = random.Random(7).randbytes(9_000_000)


def youtube_environment(server: Google) -> dict[str, str]:
    """For worker processes: the settings that point at Google here."""
    return {
        "YOUTUBE_CLIENT_ID": "client-1",
        "YOUTUBE_CLIENT_SECRET": "secret-1",
        "YOUTUBE_API_URL": f"{server.url}/",
        "YOUTUBE_TOKEN_URL": f"{server.url}/token",
        "YOUTUBE_REVOKE_URL": f"{server.url}/revoke",
        "PROVIDERS_PRIVATE": "true",
    }


@pytest.fixture
def far(settings: Settings) -> Iterator[Google]:
    """Google, an operator's client, and a plan with publishing."""
    with google() as server:
        settings.RENDERING_YOUTUBE_CLIENT_ID = "client-1"
        settings.RENDERING_YOUTUBE_CLIENT_SECRET = "secret-1"
        settings.RENDERING_YOUTUBE = {
            "api_url": f"{server.url}/",
            "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
            "token_url": f"{server.url}/token",
            "revoke_url": f"{server.url}/revoke",
        }
        settings.RENDERING_PROVIDERS_PRIVATE = True
        settings.METERING_ENTITLEMENTS = "metering.entitlements.default_plan"
        free = settings.METERING_PLANS["free"]
        settings.METERING_PLANS = {"free": {**free, "features": ["publish"]}}
        yield server


def connect(cast: Cast) -> YouTubeChannel:
    """Acme's channel, connected some time ago."""
    with tenant_context(cast.acme.pk):
        return YouTubeChannel.objects.create(
            channel_id="UC4711",
            title="Tide Mills",
            token_sealed=publishing.seal("refresh-old"),
            connected_at=clock.now(),
        )


def make_video(cast: Cast, directory: Path) -> RenderJob:
    """A render of Acme's that has ended well."""
    with tenant_context(cast.acme.pk):
        project = scripts.create_project(title="Mill", script="The tide fills the pond.")
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
        path = directory / "made.mp4"
        path.write_bytes(VIDEO)
        storage.store_file(video_key(job, "mp4"), path)
        job.state, job.video_bytes, job.finished_at = JobState.SUCCEEDED, len(VIDEO), clock.now()
        job.save()
        return job


def publish(job: RenderJob) -> Publication:
    """Ask for it; nothing is sent yet."""
    with tenant_context(job.tenant_id):
        return publishing.publish(
            job=job, title="Mill", description="", privacy="unlisted", user_id=None, at=clock.now()
        )


def fresh(publication: Publication) -> Publication:
    """As it is now."""
    with tenant_context(publication.tenant_id):
        return Publication.objects.get(pk=publication.pk)


def work(publication: Publication) -> Publication:
    """What a worker does, once everything it waits for is over."""
    with tenant_context(publication.tenant_id):
        Publication.objects.filter(pk=publication.pk).update(
            not_before=publication.created_at, lease_until=None
        )
    sending.work(tenant_id=publication.tenant_id, publication_id=publication.pk)
    return fresh(publication)

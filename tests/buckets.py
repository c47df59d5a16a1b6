"""A server that speaks S3, and media that lie in one of its buckets."""

from __future__ import annotations

import random
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from config.settings.media import media_store

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Its address, on a port of this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def empty_bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a bucket of this test's own; credentials are in the environment."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    name = f"cutroom-{random.getrandbits(32):08x}"
    boto3.client("s3", endpoint_url=s3_server).create_bucket(Bucket=name)
    return name


@pytest.fixture
def media_bucket(
    empty_bucket: str, s3_server: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A bucket that this process, and every process it starts, keeps media in."""
    monkeypatch.setenv("S3_BUCKET", empty_bucket)
    monkeypatch.setenv("S3_ENDPOINT_URL", s3_server)
    settings.STORAGES = {**settings.STORAGES, "default": media_store(settings.CUTROOM_VAR)}
    return empty_bucket

"""From a job in the console to its trace."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from cutroom import checks
from rendering.models import RenderJob
from tests.console.conftest import Site

pytestmark = pytest.mark.committed


def test_the_page_of_a_job_leads_to_its_trace(site: Site, olga: Client, settings: Settings) -> None:
    path, trace = f"/admin/jobs/{site.jobs['ready'].pk}/", "0af7651916cd43dd8448eb211c80319c"
    assert "trace" not in olga.get(path).content.decode()
    RenderJob.everywhere.using("ops").filter(pk=site.jobs["ready"].pk).update(
        trace=f"00-{trace}-b7ad6b7169203331-01"
    )
    assert f"trace <code>{trace}</code>" in olga.get(path).content.decode()
    settings.CUTROOM_TRACE_URL = "https://traces.example/{trace_id}?view=tree"
    assert f'href="https://traces.example/{trace}?view=tree"' in olga.get(path).content.decode()


def test_a_trace_url_without_the_trace_stops_the_start(settings: Settings) -> None:
    for url, ids in (
        ("", []),
        ("https://traces.example/{trace_id}", []),
        ("https://traces.example/", ["cutroom.E005"]),
        ("javascript:alert('{trace_id}')", ["cutroom.E005"]),
    ):
        settings.CUTROOM_TRACE_URL = url
        assert [found.id for found in checks.traces_are_found_by_id(None)] == ids, url

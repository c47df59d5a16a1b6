"""A newcomer finds a project to render: the guide's `test`, with three scenes."""

from __future__ import annotations

import pytest

from accounts import magic_links, services
from accounts.magic_links import Asker
from cutroom import clock
from rendering.models import Project
from tenants.context import tenant_context

pytestmark = pytest.mark.django_db


def test_the_first_sign_in_makes_the_starter_project() -> None:
    asker = Asker(device="Firefox on Linux")
    link = magic_links.issue(email="new@example.org", asker=asker, next_path="", at=clock.now())
    signed_in = services.verify_token(token=link.token, asker=asker, at=clock.now())
    with tenant_context(signed_in.session.tenant_id):
        (project,) = Project.objects.all()
        assert project.slug == "test"
        assert project.scenes.count() == 3

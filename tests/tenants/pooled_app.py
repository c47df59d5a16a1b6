"""A web process of its own for tests of poolers: asks as many tenants in turn, and reports what it saw.

Run as `python -m tests.tenants.pooled_app FILE`. The file is JSON: `requests`, `threads`, `seed`, `callers`
(pairs of tenant id and access token), `keeps` (no pool, but a connection that lives on) and `leaks` (a
mistake on purpose). The report is JSON on stdout.
"""

from __future__ import annotations

import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, RequestFactory

# What a tenant's own row is, in tables that every request of the product reads.
SEEN = """
SELECT coalesce(current_setting('app.tenant_id', true), ''),
       ARRAY(SELECT id::text FROM tenants_tenant),
       ARRAY(SELECT DISTINCT tenant_id::text FROM tenants_membership),
       ARRAY(SELECT DISTINCT tenant_id::text FROM rendering_project)
"""


def look(request: HttpRequest) -> HttpResponse:
    """Every tenant that bare SQL shows to this request, without any WHERE."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN)
        setting, *found = cursor.fetchone()
    return JsonResponse({"setting": setting, "found": sorted({tenant for each in found for tenant in each})})


def prepare(*, keeps: bool, leaks: bool = False) -> None:
    """Django, without limits that a pooler's test would only meet by their number.

    With `leaks` the tenant is set for the session, the mistake that this instrument is there to see.
    """
    django.setup()
    settings.ACCOUNTS_REQUEST_LIMITS = {"free": {"tenant": 10**6, "key": 10**6}}
    if keeps:
        for config in (settings.DATABASES["default"], connection.settings_dict):
            config["OPTIONS"].pop("pool", None)
            config["CONN_MAX_AGE"] = 600
    if leaks:
        from tenants import context

        context.SET = "SELECT set_config('app.tenant_id', %(tenant_id)s, false)"


class Requests:
    """Requests of all callers, mixed by a seed; whatever is not the caller's own is kept in `foreign`."""

    def __init__(self, callers: list[tuple[str, str]], *, seed: int) -> None:
        from django.contrib.sessions.middleware import SessionMiddleware

        from tenants.middleware import TenantMiddleware

        self.callers, self.random = callers, random.Random(seed)
        self.asked, self.foreign = 0, list[str]()
        self._middle = SessionMiddleware(TenantMiddleware(look))
        self._kinds = [self._as_member] * 35 + [self._as_stranger] * 13 + [self._over_all_middleware] * 2

    def one(self, _: int) -> None:
        """The next request, as a server runs it: old connections are given back around it."""
        kind, (tenant, token) = self.random.choice(self._kinds), self.random.choice(self.callers)
        close_old_connections()
        try:
            kind(tenant, f"Bearer {token}")
        finally:
            close_old_connections()
        self.asked += 1

    def _expect(self, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.foreign.append(f"{found} instead of {wanted}")

    def _look(self, headers: dict[str, str] | None = None) -> Any:
        response: Any = self._middle(RequestFactory().get("/", headers=headers))
        return json.loads(response.content)

    def _as_member(self, tenant: str, bearer: str) -> None:
        self._expect(self._look({"Authorization": bearer}), {"setting": tenant, "found": [tenant]})

    def _as_stranger(self, tenant: str, bearer: str) -> None:
        self._expect(self._look(), {"setting": "", "found": []})

    def _over_all_middleware(self, tenant: str, bearer: str) -> None:
        client = Client(headers={"Authorization": bearer, "Host": settings.ALLOWED_HOSTS[0]})
        if self.random.random() < 0.1:
            answer = client.post(
                "/api/v1/projects", {"title": tenant}, content_type="application/json", secure=True
            )
            self._expect(answer.status_code, 201)
        answer = client.get("/api/v1/projects", {"limit": 100}, secure=True)
        self._expect({row["title"] for row in answer.json()["results"]} - {tenant}, set())


def main() -> None:
    """Ask, then print what was asked and what was foreign."""
    order = json.loads(Path(sys.argv[1]).read_text())
    prepare(keeps=order["keeps"], leaks=order.get("leaks", False))
    requests = Requests(order["callers"], seed=order["seed"])
    with ThreadPoolExecutor(order["threads"]) as threads:
        list(threads.map(requests.one, range(order["requests"])))
    print(json.dumps({"asked": requests.asked, "foreign": requests.foreign[:5]}))


if __name__ == "__main__":
    main()

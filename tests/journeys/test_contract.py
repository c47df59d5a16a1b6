"""The integration guide, line by line, over HTTP: paths, bodies and statuses that may not change."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable
from datetime import datetime

import av
import pytest

from tests.journeys.conftest import Caller, Json

pytestmark = pytest.mark.slow

STITCH = "/api/v1/projects/test/render/stitch"
METERS = {
    "images_count": 500,
    "tts_minutes": 1000,
    "render_minutes": 500,
    "storage_gb": 100,
    "uploads_count": 1000,
}


def test_sign_in(anybody: Callable[[], Caller]) -> None:
    caller = anybody()
    asked = caller.post("/api/auth/magic-link/request", {"email": caller.email}).json()
    assert asked["success"] is True
    assert asked.keys() <= {"success", "magic_link"}
    assert asked["magic_link"].startswith(f"{caller.site}/login?token=")
    bad = caller.post("/api/auth/magic-link/request", {"email": "no address"}, expect=400)
    assert bad.headers["Content-Type"] == "application/problem+json"
    token = asked["magic_link"].partition("?token=")[2]
    assert caller.get(f"/login?token={token}").status_code == 200, "a GET never consumes"
    session = caller.post("/api/auth/magic-link/verify", {"token": token}).json()
    assert session.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert session["access_token"].startswith("eyJ")
    assert (session["refresh_token"], session["token_type"], session["expires_in"]) == (None, "bearer", 86400)
    used = caller.post("/api/auth/magic-link/verify", {"token": token}, expect=400).json()
    assert used["code"] == "link-used"
    none = caller.post("/api/auth/magic-link/verify", {"token": "eyJ.none"}, expect=400).json()
    assert none["code"] == "link-invalid"


def test_too_many_links_for_one_address(anybody: Callable[[], Caller]) -> None:
    caller = anybody()
    caller.post("/api/auth/magic-link/request", {"email": caller.email})
    refused = caller.post("/api/auth/magic-link/request", {"email": caller.email}, expect=429)
    assert int(refused.headers["Retry-After"]) > 0


def test_me(anybody: Callable[[], Caller]) -> None:
    caller = anybody()
    caller.get("/api/auth/me", expect=403)
    caller.get("/api/auth/me", expect=401, headers={"Authorization": "Bearer eyJ.bad.token"})
    caller.sign_in()
    me = caller.get("/api/auth/me").json()
    assert me.keys() == {"id", "email", "role", "tenant", "session"}
    assert me["tenant"].keys() == {"id", "slug", "name", "plan"}
    assert (me["email"], me["role"], me["tenant"]["plan"]) == (caller.email, "admin", "free")
    token = caller.session["access_token"]
    caller.get("/api/auth/me", headers={"Authorization": f"bEaReR {token}"})
    answer = caller.get("/api/auth/me", headers={"X-Request-Id": "walk-1"})
    assert answer.headers["X-Request-Id"] == "walk-1"


def test_refresh_devices_and_logout(newcomer: Caller) -> None:
    first = newcomer.session["access_token"]
    newcomer.post("/api/auth/refresh", expect=403)
    ours = {"Origin": newcomer.site, "X-Requested-With": "walk"}
    renewed = newcomer.post("/api/auth/refresh", headers=ours).json()
    assert (renewed["refresh_token"], renewed["token_type"]) == (None, "bearer")
    newcomer.http.headers["Authorization"] = f"Bearer {renewed['access_token']}"
    (device,) = newcomer.get("/api/auth/sessions").json()["results"]
    assert device["is_current"] is True
    newcomer.post("/api/auth/logout", expect=403)
    logout = newcomer.http.post("/api/auth/logout", headers=ours)
    assert logout.status_code in (200, 204)
    for dead in (first, renewed["access_token"]):
        newcomer.get("/api/auth/me", expect=401, headers={"Authorization": f"Bearer {dead}"})


def test_a_device_is_ended(newcomer: Caller) -> None:
    (device,) = newcomer.get("/api/auth/sessions").json()["results"]
    newcomer.delete(f"/api/auth/sessions/{device['id']}", expect=204)
    newcomer.get("/api/auth/me", expect=401)


def test_stitch(newcomer: Caller) -> None:
    refused = newcomer.post(STITCH, {"resolution": "4k", "fps": 24}, expect=402).json()
    assert refused["code"] == "plan-required"
    accepted = newcomer.post(STITCH, {"resolution": "1080p", "fps": 24}, expect=202)
    body = accepted.json()
    assert body.keys() >= {"id", "state", "status_url", "events_url", "estimate"}
    assert body["state"] == "queued"
    assert body["estimate"].keys() == {"images", "tts_minutes", "render_minutes", "seconds"}
    assert accepted.headers["Location"].endswith(f"/api/v1/renders/{body['id']}")
    assert int(accepted.headers["Retry-After"]) > 0
    render = finished(newcomer, body["status_url"])
    assert (render["state"], render["progress"], render["degraded"]) == ("succeeded", 100, [])
    assert render["steps"][0].keys() >= {
        "kind", "scene", "state", "attempt", "started_at", "seconds", "degraded", "error", "cached",
    }  # fmt: skip
    video = newcomer.get(f"/api/v1/renders/{body['id']}/video")
    assert video.headers["ETag"]
    part = newcomer.get(f"/api/v1/renders/{body['id']}/video", expect=206, headers={"Range": "bytes=0-99"})
    assert part.content == video.content[:100]
    with av.open(io.BytesIO(video.content)) as film:
        assert {stream.codec_context.name for stream in film.streams} == {"h264", "aac"}
        assert film.streams.video[0].height == 1080
    for name in ("poster", "captions.vtt", "captions.srt"):
        newcomer.get(f"/api/v1/renders/{body['id']}/{name}")


def finished(caller: Caller, url: str) -> Json:
    """The render, once it has ended; its progress never goes back."""
    seen = [0]
    while True:
        render: Json = caller.get(url).json()
        seen.append(render["progress"])
        if render["state"] in ("succeeded", "failed", "cancelled"):
            assert seen == sorted(seen)
            return render
        time.sleep(0.2)


def test_refusals_of_stitch(newcomer: Caller, shell: Callable[[str], str]) -> None:
    unknown = newcomer.post(STITCH, {"resolution": "8k", "fps": 24}, expect=400).json()
    assert unknown.keys() >= {"type", "title", "status", "detail", "code", "request_id", "errors"}
    newcomer.post("/api/v1/projects", {"title": "Nothing"}, expect=201)
    empty = newcomer.post(
        "/api/v1/projects/nothing/render/stitch", {"resolution": "720p", "fps": 24}, expect=409
    )
    assert empty.json()["code"] == "nothing-to-render"
    newcomer.post("/api/v1/projects/none/render/stitch", {"resolution": "720p", "fps": 24}, expect=404)
    shell(f"tenant = '{newcomer.get('/api/auth/me').json()['tenant']['id']}'\n{USE_95_PERCENT}")
    # Of 25 minutes that are left, a script of half an hour has no room.
    script = {"script": "\n\n".join(["word " * 900] * 6)}
    newcomer._answered(newcomer.http.put("/api/v1/projects/test/script", json=script), 200)
    refused = newcomer.post(STITCH, {"resolution": "1080p", "fps": 24}, expect=402).json()
    assert refused["detail"] == "Usage quota exceeded for render_minutes (95% of 500 limit)"
    assert refused["code"] == "quota-exceeded"
    assert refused.keys() >= {"meter", "used", "limit", "requested", "resets_at", "upgrade_url"}
    assert (refused["meter"], refused["used"], refused["limit"]) == ("render_minutes", 475, 500)


USE_95_PERCENT = """
from cutroom import clock
from metering import services
from metering.meters import Meter
from tenants.context import tenant_context
from uuid import UUID
with tenant_context(UUID(tenant)):
    services.charge(tenant_id=UUID(tenant), event_key="walk", meter=Meter.RENDER, amount=475 * 60_000,
                    subject="walk", at=clock.now())
"""


def test_meters_and_limits(newcomer: Caller) -> None:
    usage = newcomer.get("/api/v1/usage").json()
    assert usage["period"].keys() >= {"start", "end"}
    rows = {row["meter"]: row for row in usage["meters"]}
    assert {meter: row["limit"] for meter, row in rows.items()} == METERS
    assert rows["images_count"].keys() >= {
        "meter", "unit", "used", "held", "limit", "percent", "resets_at", "forecast_runs_out_on",
    }  # fmt: skip
    assert rows["storage_gb"]["resets_at"] is None
    plans = {plan["plan"]: plan for plan in newcomer.get("/api/billing/plans").json()["plans"]}
    assert {m: plans["pro"]["limits"][m] for m in METERS} == {m: 5 * limit for m, limit in METERS.items()}


def test_subscription_and_checkout(newcomer: Caller) -> None:
    new = newcomer.get("/api/billing/subscription").json()
    promised = {"plan": "free", "status": "active", "current_period_end": None, "customer_id": None}
    assert {name: new[name] for name in promised} == promised
    session = newcomer.post("/api/billing/checkout", {"plan": "pro"}).json()
    assert session.keys() >= {"checkout_url", "session_id"}
    assert session["checkout_url"].startswith("http")


def test_export(newcomer: Caller, anybody: Callable[[], Caller]) -> None:
    slug = newcomer.get("/api/auth/me").json()["tenant"]["slug"]
    asked = newcomer.http.post("/api/account/export")
    assert asked.status_code in (200, 202)
    export = asked.json()
    assert (export["success"], export["expires_in_hours"]) == (True, 24)
    name = rf"/api/account/download-export/export-{re.escape(slug)}-\d{{8}}_\d{{6}}\.zip"
    assert re.fullmatch(name, export["download_url"])
    while (answer := newcomer.http.get(export["download_url"])).status_code == 202:
        assert int(answer.headers["Retry-After"]) > 0
        time.sleep(0.2)
    assert answer.status_code == 200
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    part = newcomer.get(export["download_url"], expect=206, headers={"Range": "bytes=10-19"})
    assert part.content == answer.content[10:20]
    stranger = anybody()
    stranger.sign_in()
    stranger.get(export["download_url"], expect=404)


def test_api_keys(newcomer: Caller) -> None:
    first = newcomer.post("/api/account/rotate-api-key", {"grace_hours": 0}).json()
    assert first.keys() == {"api_key", "created_at"}
    assert first["api_key"].startswith("sk_test_"), "sk_prod_ in production"
    assert datetime.fromisoformat(first["created_at"]).tzinfo
    newcomer.get("/api/v1/usage", headers={"Authorization": f"Bearer {first['api_key']}"})
    second = newcomer.post("/api/account/rotate-api-key", {"grace_hours": 0}).json()
    newcomer.get("/api/v1/usage", expect=401, headers={"Authorization": f"Bearer {first['api_key']}"})
    rows = newcomer.get("/api/account/api-keys").json()["results"]
    (row,) = [row for row in rows if row["key"].endswith(second["api_key"][-4:])]
    newcomer.delete(f"/api/account/api-keys/{row['id']}", expect=204)
    newcomer.get("/api/v1/usage", expect=401, headers={"Authorization": f"Bearer {second['api_key']}"})


def test_backups_audit_and_deletion(newcomer: Caller) -> None:
    backups = newcomer.get("/api/account/backup-status").json()
    assert backups.keys() == {"last_backup_at", "last_verified_at", "next_backup_at", "state"}
    assert newcomer.get("/api/account/audit").json()["results"]
    slug = newcomer.get("/api/auth/me").json()["tenant"]["slug"]
    newcomer.delete("/api/account", {"confirm": "another"}, expect=400)
    asked = newcomer.delete("/api/account", {"confirm": slug, "immediately": False}, expect=202).json()
    assert asked.keys() == {"state", "purge_after", "undo_url"}
    token = asked["undo_url"].partition("?token=")[2]
    undone = newcomer.post("/api/account/undo-delete", {"token": token}).json()
    assert undone["state"] != asked["state"]


def test_service(anybody: Callable[[], Caller]) -> None:
    caller = anybody()
    caller.get("/livez")
    assert caller.get("/readyz").json()["checks"].keys() >= {"database", "redis", "storage"}
    for path in ("/metrics", "/api/schema", "/api/docs"):
        caller.get(path)
    assert caller.get("/api/nowhere", expect=404).json()["code"] == "not-found"

"""The brand kit: readable colours, a clean logo, cards before and after; only what it changes is new."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from metering.meters import Meter
from metering.models import QuotaCounter
from rendering import brands, pipeline, scripts, snapshots
from rendering.film import Film, Known, Slot
from rendering.models import Project, StepKind
from tests.cast import Cast
from tests.rendering.test_pipeline import output

BRAND = "/api/v1/brand"
COLOURS = {"paper": "#0b1f33", "ink": "#f4f7fb", "accent": "#ffb000"}
Upload = Callable[..., SimpleUploadedFile]


def keys(project: Project) -> dict[Slot, str]:
    """The cache key of every step of a render of the project now."""
    project = Project.objects.get(pk=project.pk)
    script = snapshots.script_of(project, list(project.scenes.order_by("position")))
    film = Film(script=script, resolution="720p", aspect="16:9", fps=24, quality="final", title="Mill")
    known: Known = {}
    while fresh := [draft for draft in pipeline.plan(film, known) if draft.slot not in known]:
        known |= {draft.slot: output(draft) for draft in fresh}
    return {draft.slot: draft.cache_key for draft in pipeline.plan(film, known)}


def changed(project: Project, change: Callable[[], Any]) -> set[str]:
    """The kinds of steps that a change makes anew."""
    before = set(keys(project).values())
    change()
    return {slot[0] for slot, key in keys(project).items() if key not in before}


PICTURE = {StepKind.IMAGE, StepKind.SEGMENT, StepKind.STITCH}


@pytest.mark.parametrize("change", [COLOURS, {"font": "fredoka"}])
def test_colours_and_letters_change_pictures_and_no_sound(
    inside_acme: Cast, mill: Project, change: dict[str, str]
) -> None:
    assert changed(mill, lambda: brands.change(**change)) == PICTURE


def test_a_logo_changes_no_still(inside_acme: Cast, mill: Project, picture: Upload, media: Path) -> None:
    assert changed(mill, lambda: brands.set_logo(upload=picture(80, 40))) == PICTURE - {StepKind.IMAGE}
    assert changed(mill, lambda: brands.change(corner="none")) == PICTURE - {StepKind.IMAGE}


def test_a_card_before_the_film_makes_only_itself_and_the_whole_anew(
    inside_acme: Cast, mill: Project
) -> None:
    before = set(keys(mill).values())
    brands.change(intro_title="The Mill", outro_title="Goodbye")
    new = [slot for slot, key in keys(mill).items() if key not in before]
    scenes = {(kind, scene) for kind, scene, _ in new if kind in (StepKind.IMAGE, StepKind.SEGMENT)}
    # The first scene opens from the fade of the card before it.
    assert scenes == {*((StepKind.IMAGE, n) for n in (0, 4)), *((StepKind.SEGMENT, n) for n in (0, 1, 4))}


def test_a_project_may_leave_the_brand_out(inside_acme: Cast, mill: Project) -> None:
    scripts.update_project(project=mill, is_branded=False)
    everything = {**COLOURS, "font": "manrope", "intro_title": "The Mill"}
    assert changed(mill, lambda: brands.change(**everything)) == set()


def test_another_tenants_brand_is_not_mine(alice: APIClient, charlie: APIClient) -> None:
    assert alice.patch(BRAND, COLOURS).status_code == 200
    assert charlie.get(BRAND).json()["paper"] == ""


@pytest.mark.parametrize(
    ("colours", "field", "better"),
    [
        ({**COLOURS, "ink": "#2a3f53"}, "ink", "to read words"),
        ({**COLOURS, "accent": "#123a5a"}, "accent", "to see marks"),
        ({"paper": "#ffffff", "ink": "#777777", "accent": "#000000"}, "ink", "4.5 is needed"),
        ({"paper": "#ffffff"}, "ink", "all three"),
    ],
)
def test_faint_colours_are_refused_with_ones_that_would_do(
    alice: APIClient, colours: dict[str, str], field: str, better: str
) -> None:
    answer = alice.patch(BRAND, colours)
    assert answer.status_code == 400
    error = next(row for row in answer.json()["errors"] if row["field"] == field)
    assert better in error["detail"]
    if error["code"] == "contrast":
        hint = error["detail"].rpartition("#")[2][:6]
        assert alice.patch(BRAND, {**colours, field: f"#{hint}"}).status_code == 200
    assert alice.patch(BRAND, {"paper": "", "ink": "", "accent": ""}).status_code == 200


@pytest.mark.parametrize("body", [{"paper": "blue"}, {"font": "comic"}, {"corner": "middle"}, {"name": "x"}])
def test_a_wrong_value_is_refused(alice: APIClient, body: dict[str, str]) -> None:
    assert alice.patch(BRAND, body).status_code == 400


def test_only_an_admin_changes_it(alice: APIClient, bob: APIClient, picture: Upload, media: Path) -> None:
    assert bob.get(BRAND).status_code == 200
    assert bob.patch(BRAND, COLOURS).status_code == 403
    assert bob.put(f"{BRAND}/logo", {"file": picture()}, format="multipart").status_code == 403


def test_a_logo_keeps_its_transparency_and_loses_its_metadata(alice: APIClient, media: Path) -> None:
    buffer = BytesIO()
    image = Image.new("RGBA", (3000, 900), (0, 0, 0, 0))
    image.paste((200, 40, 20, 255), (500, 300, 2500, 600))
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    image.save(buffer, "PNG", exif=exif)
    upload = SimpleUploadedFile("logo.png", buffer.getvalue())
    assert alice.put(f"{BRAND}/logo", {"file": upload}, format="multipart").status_code == 200
    file: Any = alice.get(alice.get(BRAND).json()["logo"])
    kept = b"".join(file.streaming_content)
    assert b"secret place" not in kept
    shown = Image.open(BytesIO(kept))
    assert (shown.mode, shown.size) == ("RGBA", (1024, 154))


def test_a_logo_is_metered_and_given_back(
    alice: APIClient, cast: Cast, inside_acme: Cast, picture: Upload, stored: Any, media: Path
) -> None:
    def used(meter: Meter) -> int:
        return QuotaCounter.objects.get(meter=meter).used

    for _ in range(2):
        alice.put(f"{BRAND}/logo", {"file": picture(60, 30)}, format="multipart")
    assert used(Meter.UPLOADS) == 2
    assert used(Meter.STORAGE) == brands.brand().logo_bytes > 0
    assert alice.delete(f"{BRAND}/logo").status_code == 204
    assert used(Meter.STORAGE) == 0
    assert alice.get(BRAND).json()["logo"] is None
    assert alice.get(f"{BRAND}/logo/file").status_code == 404


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\nbroken"]
)
def test_a_bad_logo_is_refused_and_the_old_one_stays(
    alice: APIClient, picture: Upload, content: bytes, media: Path
) -> None:
    alice.put(f"{BRAND}/logo", {"file": picture(60, 30)}, format="multipart")
    answer = alice.put(f"{BRAND}/logo", {"file": SimpleUploadedFile("x.png", content)}, format="multipart")
    assert answer.status_code == 400
    assert alice.get(alice.get(BRAND).json()["logo"]).status_code == 200


def test_the_page_saves_and_says_what_is_too_faint(alice_browser: Client) -> None:
    kit = {**COLOURS, "font": "manrope", "corner": "top-left", "intro_title": "The Mill"}
    assert alice_browser.post("/account/brand", kit).status_code == 302
    page = alice_browser.post("/account/brand", kit | {"ink": "#0b2033", "intro_text": "Since 1871"})
    assert page.status_code == 422
    assert "would do" in page.content.decode()
    assert "Since 1871" in page.content.decode()
    for look in ("title", "quote", "chart"):
        assert alice_browser.get(f"/account/brand/sample/{look}")["Content-Type"] == "image/png"


def test_the_page_takes_and_removes_a_logo(alice_browser: Client, picture: Upload, media: Path) -> None:
    assert alice_browser.post("/account/brand/logo", {"deed": "set"}).status_code == 422
    alice_browser.post("/account/brand/logo", {"deed": "set", "logo": picture(60, 30)})
    assert alice_browser.get("/account/brand/logo.png").status_code == 200
    alice_browser.post("/account/brand/logo", {"deed": "remove"})
    assert alice_browser.get("/account/brand/logo.png").status_code == 404

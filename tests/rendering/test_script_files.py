"""Scripts as other programs write them: CSV tables, SRT subtitles, files in old encodings."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from rendering.models import Project, Scene
from rendering.script_tables import COLUMNS, UnreadableScript, parse_csv, parse_srt
from tenants.context import tenant_context

SRT = """1
00:00:01,000 --> 00:00:03,500
<i>The tide</i> fills

2
00:00:03,500 --> 00:00:05,000 X1:40
the pond.

3
00:00:06.250 --> 00:00:08.000
{\\an8}The gate
falls shut.
"""


def table(text: str) -> list[tuple[str, str, dict[str, object]]]:
    return [(draft.narration, draft.image_prompt, dict(draft.fields)) for draft in parse_csv(text)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_has_one_scene_a_row(delimiter: str) -> None:
    rows = [
        ["Narration", "Image prompt", "Duration_seconds", "motion"],
        ["The tide.", "A pond", "4.5", "none"],
        ["", "Only a picture", "", ""],
        ['"He said ""go""."', "", "", ""],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    assert table(f"\ufeff{text}\r\n\r\n") == [
        ("The tide.", "A pond", {"duration_seconds": 4.5, "motion": "none"}),
        ("", "Only a picture", {}),
        ('He said "go".', "", {}),
    ]


def test_a_quoted_cell_may_have_line_breaks() -> None:
    assert table('narration,caption\n"One,\ntwo.",Note') == [("One,\ntwo.", "", {"caption": "Note"})]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "first line must name"),
        ("text,picture\na,b", "first line must name"),
        ("narration,colour\na,b", "no column 'colour'"),
        ("narration,narration\na,b", "named twice"),
        ("narration\na,b", "Line 2 has 2 columns"),
        ("narration,duration_seconds\na,long", "Line 2: 'long' is no number"),
        ('narration\n"never closed', "no row of a CSV table"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(text: str, reason: str) -> None:
    with pytest.raises(UnreadableScript, match=reason):
        parse_csv(text)


def test_subtitles_become_a_scene_a_sentence_as_long_as_they_were_shown() -> None:
    for text in (SRT, SRT.replace("\n", "\r\n")):
        assert [(draft.narration, dict(draft.fields)) for draft in parse_srt(text)] == [
            ("The tide fills the pond.", {"duration_seconds": 5.25}),
            ("The gate falls shut.", {"duration_seconds": 1.75}),
        ]


def test_subtitles_without_an_end_of_sentence_stay_together() -> None:
    cues = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nword {n}\n\n" for n in (1, 2, 3))
    assert [draft.narration for draft in parse_srt(cues)] == ["word 1 word 2 word 3"]


@pytest.mark.parametrize("text", ["", "hello", "1\n00:00:01,000 --> 00:00:02,000\n\n"])
def test_what_has_no_subtitle_is_refused(text: str) -> None:
    with pytest.raises(UnreadableScript, match="no subtitle"):
        parse_srt(text)


@given(st.text() | st.text(alphabet='0123456789:,.->\n"; naration'))
def test_no_text_breaks_the_readers(text: str) -> None:
    for reader in (parse_csv, parse_srt):
        try:
            drafts = reader(text)
        except UnreadableScript:
            continue
        assert all(set(draft.fields) <= set(COLUMNS) for draft in drafts)


@pytest.mark.django_db
def test_the_api_takes_each_form(alice: APIClient, mill: Project) -> None:
    address = "/api/v1/projects/mill/script"
    body = {"script": "narration,transition\nOne.,fade\nTwo.,", "format": "csv"}
    scenes = alice.put(address, body, format="json").json()["scenes"]
    assert [scene["transition"] for scene in scenes] == ["fade", "cut"]
    scenes = alice.put(address, {"script": SRT, "format": "srt"}, format="json").json()["scenes"]
    assert [scene["duration_seconds"] for scene in scenes] == [5.25, 1.75]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cell", "reason"), [("sideways", "Scene 1, transition"), ("", "")], ids=["refused", "accepted"]
)
def test_a_choice_that_is_none_names_its_scene(
    alice: APIClient, mill: Project, cell: str, reason: str
) -> None:
    body = {"script": f"narration,transition\nOne.,{cell}", "format": "csv"}
    answer = alice.put("/api/v1/projects/mill/script", body, format="json")
    assert answer.status_code == (400 if reason else 200)
    if reason:
        assert reason in answer.json()["errors"][0]["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.md", b"# Intro\nHello.\n\nGoodbye.", ["Hello.", "Goodbye."]),
        ("a.TXT", "Straße.".encode("cp1252"), ["Straße."]),
        ("a.txt", "Straße.".encode("utf-16"), ["Straße."]),
        ("a.csv", b"narration\nHello.", ["Hello."]),
        ("a.srt", SRT.encode(), ["The tide fills the pond.", "The gate falls shut."]),
    ],
)
def test_a_project_begins_with_a_file(
    alice_browser: Client, mill: Project, name: str, data: bytes, words: list[str]
) -> None:
    upload = SimpleUploadedFile(name, data)
    answer = alice_browser.post("/create", {"title": "From a file", "script": "", "script_file": upload})
    assert answer["Location"] == "/projects/from-a-file"
    with tenant_context(mill.tenant_id):
        scenes = Scene.objects.filter(project__slug="from-a-file").order_by("position")
        assert list(scenes.values_list("narration", flat=True)) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.docx", b"PK\x03\x04", "Choose a file that ends in"),
        ("a.txt", b"a\0b", "This file is no text"),
        ("a.txt", b"x" * 1_000_001, "larger than 1 MB"),
        ("a.csv", b"colour\nred", "The first line must name the columns"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_keeps_the_title(
    alice_browser: Client, name: str, data: bytes, reason: str
) -> None:
    upload = SimpleUploadedFile(name, data)
    answer = alice_browser.post("/create", {"title": "My title", "script": "", "script_file": upload})
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert 'value="My title"' in answer.content.decode()

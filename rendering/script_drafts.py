"""What a script, in whatever form it is written, asks for: drafts of scenes. No database; start at `read`."""

from __future__ import annotations

from collections.abc import Callable

from rendering import conf
from rendering.choices import ScriptFormat
from rendering.errors import invalid_field, script_too_long
from rendering.script_tables import UnreadableScript, parse_csv, parse_srt
from rendering.script_text import SceneDraft, parse_script

_PARSERS: dict[str, Callable[[str], list[SceneDraft]]] = {
    ScriptFormat.TEXT: parse_script,
    ScriptFormat.CSV: parse_csv,
    ScriptFormat.SRT: parse_srt,
}


def read(script: str, form: str) -> list[SceneDraft]:
    """The scenes of a script. Raises InvalidInput when it cannot be read or has none, ScriptTooLong."""
    try:
        drafts = _PARSERS[form](script)
    except UnreadableScript as error:
        raise invalid_field("script", "unreadable", str(error)) from error
    _refuse_bad(drafts)
    return drafts


def _refuse_bad(drafts: list[SceneDraft]) -> None:
    if not drafts:
        raise invalid_field("script", "blank", "The script has no words to say. Write at least one line.")
    for number, draft in enumerate(drafts, start=1):
        spoken = len(draft.narration)
        if spoken > conf.MAX_NARRATION_CHARACTERS:
            most = conf.MAX_NARRATION_CHARACTERS
            raise script_too_long(
                f"Scene {number} has {spoken:,} characters; {most:,} are possible. "
                "Put a blank line where the picture should change."
            )
        if max(len(draft.image_prompt), len(draft.heading)) > conf.MAX_PROMPT_CHARACTERS:
            most = conf.MAX_PROMPT_CHARACTERS
            detail = f"The picture or heading of scene {number} takes more than {most:,} characters."
            raise script_too_long(detail)

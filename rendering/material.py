"""What films are made of: the steps that make stills and voices, by whoever the installation has for it."""

from __future__ import annotations

from rendering import conf, providers, timeline
from rendering.bench import Bench, stored
from rendering.media import words
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.media.specs import RecordingSpec
from rendering.outcomes import Result
from rendering.providers import chain

SILENT = "Narration is silent: the voice failed several times."


def image(bench: Bench) -> Result:
    """A still, from a provider or drawn here. Raises what `chain.first_of` raises."""
    request = providers.ImageRequest(
        prompt=bench.inputs["prompt"],
        width=bench.inputs["width"],
        height=bench.inputs["height"],
        key=bench.step.cache_key,
    )
    drawers = providers.images() if "provider" in bench.inputs else providers.images()[-1:]
    made = chain.first_of(
        drawers,
        lambda one: one.draw(request, out_path=bench.out_path, run=bench.run, errand=bench.errand),
        patience=bench.patience,
        again=bench.start_over,
    )
    # A card that stands in for a picture costs nothing; another provider's picture does.
    is_stand_in = bool(made.degraded) and made.provider == "local"
    charges = {} if is_stand_in else bench.step.charges
    return stored(bench, {}, charges=charges, degraded=_stood_in("Picture", made))


def narration(bench: Bench) -> Result:
    """A voice; silence in its place when every try failed. Raises what `chain.first_of` raises."""
    if "recording" in bench.inputs:
        return _recording(bench)
    request = providers.NarrationRequest(
        text=bench.inputs["text"], language=bench.inputs["language"], voice=bench.inputs["voice"]
    )
    first = providers.speaker(request.voice)
    speakers = [first, *(one for one in providers.narrations() if one is not first)]
    try:
        made = chain.first_of(
            speakers if "provider" in bench.inputs else speakers[-1:],
            lambda one: one.speak(request, out_path=bench.out_path, run=bench.run, errand=bench.errand),
            patience=bench.patience,
            again=bench.start_over,
        )
    except (MediaError, MediaCrashed, MediaTimeout) as error:
        # A text that no voice can read stays so, however often it is tried.
        may_help = not isinstance(error, MediaError) or error.retryable
        if may_help and bench.step.failures + 1 < conf.max_failures():
            raise
        return _silence(request)
    speech = made.value
    output = {"duration_ms": speech["duration_ms"], "words": speech["words"]}
    is_stand_in = bool(made.degraded) and made.provider == "local"
    # Emoji and dashes are shown in silence; nobody pays for a voice that said nothing.
    is_free = is_stand_in or speech.get("engine") == "silence"
    charges = {} if is_free else {"tts_minutes": speech["duration_ms"]}
    return stored(bench, output, charges=charges, degraded=_stood_in("Voice", made))


def _recording(bench: Bench) -> Result:
    """A sound somebody brought, with the text shared out over it. No voice was used, so none is paid."""
    key = bench.inputs["files"]
    with bench.fetched([key]) as paths:
        spec = RecordingSpec(in_path=paths[key], out_path=str(bench.out_path), text=bench.inputs["text"])
        heard = bench.run(spec)
    return stored(bench, {"duration_ms": heard["duration_ms"], "words": heard["words"]}, charges={})


def _stood_in(what: str, made: chain.Made) -> str:
    """What the video says about a stand-in; a row holds 200 characters."""
    if not made.degraded:
        return ""
    return f"{what} by {made.provider} instead: {made.degraded}"[:200]


def _silence(request: providers.NarrationRequest) -> Result:
    """The stand-in when every try failed: the captions still show for as long as the text would take."""
    duration_ms = timeline.estimated_speech_ms(request.text, language=request.language)
    tokens = words.split(request.text)
    share = duration_ms / max(1, len(tokens))
    spread = [
        {"text": token, "start_ms": round(i * share), "end_ms": round((i + 1) * share)}
        for i, token in enumerate(tokens)
    ]
    output = {"content": "", "storage_key": "", "duration_ms": duration_ms, "words": spread}
    return Result(output=output, charges={}, degraded=SILENT)

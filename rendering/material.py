"""What films are made of: the steps that make stills and voices, by whoever the installation has for it."""

from __future__ import annotations

from typing import Any

from rendering import conf, providers
from rendering.bench import Bench, stored
from rendering.cues import guessed_speech
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.media.specs import CardSpec, RecordingSpec
from rendering.outcomes import Result
from rendering.providers import chain

SILENT = "Narration is silent: the voice failed several times."


def image(bench: Bench) -> Result:
    """A still, from a provider or drawn here. Raises what `chain.first_of` raises."""
    if "look" in bench.inputs:
        return _card(bench)
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


def _card(bench: Bench) -> Result:
    files = bench.inputs["files"]
    with bench.fetched(files.values()) as paths:
        picture = paths.get(files.get("picture", ""), "")
        bench.run(card_spec(bench.inputs, out_path=str(bench.out_path), picture_path=picture))
    return stored(bench, {}, charges=bench.step.charges)


def card_spec(inputs: dict[str, Any], *, out_path: str, picture_path: str = "") -> CardSpec:
    """The spec of a card step's inputs. The words choose the drawing, so a draft shows that of the film."""
    words = f"{inputs['heading']}/{inputs['text']}"
    values = {**inputs, "out_path": out_path, "picture_path": picture_path, "number": 0, "seed": words}
    return CardSpec.from_dict(values)


def narration(bench: Bench) -> Result:
    """A voice; silence in its place when every try failed. Raises what `chain.first_of` raises."""
    if "recording" in bench.inputs:
        return _recording(bench)
    request = providers.NarrationRequest.of(bench.inputs)
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
    guess = guessed_speech(request.text, language=request.language)
    output = {"content": "", "storage_key": "", **guess}
    return Result(output=output, charges={}, degraded=SILENT)

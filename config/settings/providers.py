"""Who makes pictures, voices and scripts (docs/providers.md). Without a key, everything is made here."""

from __future__ import annotations

from config.settings.environment import env as _env

_PATHS = {
    "image": {
        "openai": "rendering.providers.openai.OpenAIImages",
        "stability": "rendering.providers.stability.StabilityImages",
        "local": "rendering.providers.local.LocalImages",
    },
    "narration": {
        "openai": "rendering.providers.openai.OpenAISpeech",
        "elevenlabs": "rendering.providers.elevenlabs.ElevenLabs",
        "piper": "rendering.providers.piper.PiperVoices",
        "local": "rendering.providers.local.LocalNarration",
    },
    "script": {"openai": "rendering.providers.openai.OpenAIChat"},
}


def _chosen(kind: str, names: list[str]) -> list[str]:
    """Dotted paths in the order in which they are asked; what is made here is the last resort."""
    known = _PATHS[kind]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise SystemExit(f"{kind.upper()}_PROVIDERS names {unknown[0]}. There are: {', '.join(known)}.")
    ordered = list(dict.fromkeys([*names, *(["local"] if "local" in known else [])]))
    return [known[name] for name in ordered]


RENDERING_PROVIDERS = {
    "image": _chosen("image", _env.list("IMAGE_PROVIDERS", default=[])),
    "narration": _chosen("narration", _env.list("NARRATION_PROVIDERS", default=[])),
    "script": _chosen("script", _env.list("SCRIPT_PROVIDERS", default=[])),
}
RENDERING_OPENAI_KEY = _env.str("OPENAI_API_KEY", default="")
RENDERING_OPENAI = {
    "url": _env.str("OPENAI_BASE_URL", default="https://api.openai.com/v1").rstrip("/"),
    "image_model": _env.str("OPENAI_IMAGE_MODEL", default="gpt-image-1"),
    "speech_model": _env.str("OPENAI_SPEECH_MODEL", default="gpt-4o-mini-tts"),
    "chat_model": _env.str("OPENAI_CHAT_MODEL", default="gpt-4o-mini"),
    "voices": _env.list("OPENAI_VOICES", default=["alloy", "ash", "coral", "sage", "verse"]),
}
RENDERING_STABILITY_KEY = _env.str("STABILITY_API_KEY", default="")
RENDERING_STABILITY = {
    "url": _env.str("STABILITY_BASE_URL", default="https://api.stability.ai").rstrip("/"),
    "model": _env.str("STABILITY_MODEL", default="core"),
}
RENDERING_ELEVENLABS_KEY = _env.str("ELEVENLABS_API_KEY", default="")
RENDERING_ELEVENLABS = {
    "url": _env.str("ELEVENLABS_BASE_URL", default="https://api.elevenlabs.io").rstrip("/"),
    "model": _env.str("ELEVENLABS_MODEL", default="eleven_multilingual_v2"),
    # Name to voice id, as Rachel=21m00Tcm4TlvDq8ikWAM.
    "voices": _env.dict("ELEVENLABS_VOICES", default={}),
}
RENDERING_PIPER_VOICES = _env.str("PIPER_VOICES", default="")

# US dollars a picture, or a thousand characters of speech or text.
RENDERING_PROVIDER_PRICES = {
    "openai-images": 0.04,
    "openai-speech": 0.015,
    "openai-chat": 0.001,
    "stability": 0.03,
    "elevenlabs": 0.1,
    **{name: float(price) for name, price in _env.dict("PROVIDER_PRICES", default={}).items()},
}
# What one tenant may have made outside in a calendar month; 0 is no limit.
RENDERING_PROVIDER_CALLS = _env.int("PROVIDER_CALLS_A_MONTH", default=0)
RENDERING_PROVIDER_DOLLARS = _env.float("PROVIDER_DOLLARS_A_MONTH", default=0.0)
RENDERING_PROVIDERS_PRIVATE = _env.bool("PROVIDERS_PRIVATE", default=False)
RENDERING_PROVIDER_SECONDS = _env.float("PROVIDER_SECONDS", default=45.0)

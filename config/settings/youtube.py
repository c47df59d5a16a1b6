"""Publishing to YouTube (docs/youtube.md). Without a client id nobody is offered it."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.settings.environment import env as _env

RENDERING_YOUTUBE_CLIENT_ID = _env.str("YOUTUBE_CLIENT_ID", default="")
RENDERING_YOUTUBE_CLIENT_SECRET = _env.str("YOUTUBE_CLIENT_SECRET", default="")
# Encrypts the tokens of connected channels; empty uses SECRET_KEY.
RENDERING_TOKEN_KEY = _env.str("TOKEN_KEY", default="")
# Google's addresses; a test or a mirror names others.
RENDERING_YOUTUBE = {
    "api_url": _env.str("YOUTUBE_API_URL", default="https://youtube.googleapis.com/"),
    "authorize_url": _env.str(
        "YOUTUBE_AUTHORIZE_URL", default="https://accounts.google.com/o/oauth2/v2/auth"
    ),
    "token_url": _env.str("YOUTUBE_TOKEN_URL", default="https://oauth2.googleapis.com/token"),
    "revoke_url": _env.str("YOUTUBE_REVOKE_URL", default="https://oauth2.googleapis.com/revoke"),
}
_parts = urlsplit(RENDERING_YOUTUBE["authorize_url"])
# A form that redirects there is blocked unless the policy names it.
YOUTUBE_FORM_ACTIONS = [f"{_parts.scheme}://{_parts.netloc}"] if RENDERING_YOUTUBE_CLIENT_ID else []

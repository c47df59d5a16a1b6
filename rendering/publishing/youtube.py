"""YouTube's Data API by Google's own client: the channel's name, and an upload that can be taken up again.

https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any, Self
from zoneinfo import ZoneInfo

import google_auth_httplib2
import httplib2
from django.conf import settings
from google.oauth2.credentials import Credentials
from googleapiclient import discovery, discovery_cache
from googleapiclient.errors import HttpError, ResumableUploadError
from googleapiclient.http import MediaIoBaseUpload

from cutroom import clock
from rendering.publishing.errors import GoogleError, SessionLost

# A multiple of 256 KiB. Small, so that a slow line gets one through within its time-out.
CHUNK_BYTES = 4 * 1024 * 1024
CALL_SECONDS = 30
_GONE = (404, 410)
_QUOTA_ZONE = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True, kw_only=True)
class Video:
    """What an upload becomes: its id, and who may watch it, which YouTube may have decided otherwise."""

    video_id: str
    privacy: str


class Upload:
    """One file on its way into one video. Call `send` until it returns the video."""

    def __init__(
        self,
        *,
        access_token: str,
        file: IO[bytes],
        snippet: dict[str, str],
        privacy: str,
        session: str,
        on_session: Callable[[str], None],
    ) -> None:
        self._http = _http(access_token)
        http = _Watched(self._http, on_session)
        media = MediaIoBaseUpload(file, mimetype="video/mp4", chunksize=CHUNK_BYTES, resumable=True)
        body = {
            "snippet": {**snippet, "categoryId": "22"},
            "status": {"privacyStatus": privacy, "selfDeclaredMadeForKids": False},
        }
        insert = _service(http).videos().insert(part="snippet,status", body=body, media_body=media)
        self._request = insert
        if session:
            self._request.resumable_uri = session
            # The client then asks first how much has arrived, and goes on from there.
            self._request._in_error_state = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._http.close()

    @property
    def sent(self) -> int:
        """Bytes that have arrived, as far as Google has told."""
        return int(self._request.resumable_progress)

    def send(self) -> Video | None:
        """Send the next chunk; the video after the last one. Raises GoogleError, SessionLost."""
        try:
            _, answer = self._request.next_chunk()
        except ResumableUploadError as error:
            raise _explained(error) from None
        except HttpError as error:
            if error.resp.status in _GONE:
                raise SessionLost from None
            raise _explained(error) from None
        except (OSError, httplib2.HttpLib2Error) as error:
            detail = f"The connection to YouTube broke off ({type(error).__name__})."
            raise GoogleError("google-unreachable", detail, wait_seconds=5) from None
        if answer is None:
            return None
        return Video(video_id=answer["id"], privacy=answer.get("status", {}).get("privacyStatus", ""))


def channel(access_token: str) -> tuple[str, str]:
    """Id and title of the channel behind a token. Raises GoogleError."""
    http = _http(access_token)
    try:
        found = _service(http).channels().list(part="snippet", mine=True).execute()
    except HttpError as error:
        raise _explained(error) from None
    except (OSError, httplib2.HttpLib2Error) as error:
        detail = f"YouTube was not reached ({type(error).__name__})."
        raise GoogleError("google-unreachable", detail, wait_seconds=30) from None
    finally:
        http.close()
    if not found.get("items"):
        raise GoogleError("no-youtube-channel", "This Google account has no YouTube channel. Make one first.")
    item = found["items"][0]
    return item["id"], item["snippet"]["title"]


class _Watched:
    """Tells the address of an upload before a byte of it is sent: a worker may be killed right after."""

    def __init__(self, http: Any, on_session: Callable[[str], None]) -> None:
        self._http = http
        self._on_session = on_session

    def request(self, uri: str, method: str = "GET", **options: Any) -> tuple[Any, bytes]:
        """As httplib2.Http.request."""
        response, content = self._http.request(uri, method=method, **options)
        if method == "POST" and response.status == 200 and "location" in response:
            self._on_session(response["location"])
        return response, content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)


def _http(access_token: str) -> Any:
    http = httplib2.Http(timeout=CALL_SECONDS)
    # 308 means "go on" in this protocol, and nothing else is followed.
    http.follow_redirects = False
    http.redirect_codes = http.redirect_codes - {308}
    return google_auth_httplib2.AuthorizedHttp(Credentials(access_token), http=http)  # type: ignore[no-untyped-call]  # the package ships no types


def _service(http: Any) -> Any:
    """The client, from the description in the package, pointed at the address of the settings."""
    document = json.loads(discovery_cache.get_static_doc("youtube", "v3"))
    document["rootUrl"] = settings.RENDERING_YOUTUBE["api_url"].rstrip("/") + "/"
    document.pop("mtlsRootUrl", None)
    return discovery.build_from_document(document, http=http)


def _explained(error: Any) -> GoogleError:
    """Google's refusal in a sentence that says what to do."""
    status, reason = int(error.resp.status), _reason(error.content)
    known: dict[str, tuple[str, float | None]] = {
        "quotaExceeded": (
            "This installation has used up what YouTube lets it upload today. It goes on by itself after "
            "midnight, Pacific time.",
            seconds_to_midnight(clock.now()),
        ),
        "uploadLimitExceeded": (
            "The channel has reached YouTube's limit of uploads for one day. Publish again tomorrow, or "
            "verify the channel at youtube.com/verify.",
            None,
        ),
        "rateLimitExceeded": ("YouTube asks for a pause.", 60.0),
        "youtubeSignupRequired": ("This Google account has no YouTube channel. Make one first.", None),
        "invalidTitle": ("YouTube does not accept this title.", None),
        "invalidDescription": ("YouTube does not accept this description.", None),
        "forbidden": ("YouTube does not let this account upload.", None),
    }
    known["dailyLimitExceeded"] = known["quotaExceeded"]
    known["userRateLimitExceeded"] = known["rateLimitExceeded"]
    if reason in known:
        detail, wait = known[reason]
        return GoogleError(reason, detail, wait_seconds=wait)
    if status == 401:
        return GoogleError("access-expired", "YouTube asks to sign in again.", wait_seconds=1)
    if status == 429 or status >= 500:
        return GoogleError("google-failed", f"YouTube failed ({status}).", wait_seconds=10)
    return GoogleError(reason or "google-refused", f"YouTube refused the video ({status} {reason}).".strip())


def seconds_to_midnight(at: datetime) -> float:
    """Until YouTube's quotas begin anew, and a little more."""
    here = at.astimezone(_QUOTA_ZONE)
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=5, second=0, microsecond=0)
    return (midnight - here).total_seconds()


def _reason(content: bytes) -> str:
    try:
        found = json.loads(content)["error"]
        return str(found.get("errors", [{}])[0].get("reason") or found.get("status", ""))[:40]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return ""

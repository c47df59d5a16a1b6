"""URLs of the rendering app: the API at /api/v1/, the pages at the root."""

from django.urls import path

from rendering.api import (
    assets,
    brand,
    downloads,
    events,
    projects,
    publish,
    renders,
    scenes,
    script_drafts,
    stitch,
    uploads,
    voices,
)
from rendering.page_urls import page_urlpatterns

api_urlpatterns = [
    path("projects", projects.ProjectsAPI.as_view(), name="projects"),
    path("projects/<slug:slug>", projects.ProjectAPI.as_view(), name="project"),
    path("projects/<slug:slug>/script", projects.ScriptAPI.as_view(), name="script"),
    path("projects/<slug:slug>/scenes", scenes.ScenesAPI.as_view(), name="scenes"),
    path("projects/<slug:slug>/scenes/order", scenes.SceneOrderAPI.as_view(), name="scene-order"),
    path("projects/<slug:slug>/scenes/<uuid:scene_id>", scenes.SceneAPI.as_view(), name="scene"),
    path(
        "projects/<slug:slug>/scenes/<uuid:scene_id>/preview",
        scenes.ScenePreviewAPI.as_view(),
        name="scene-preview",
    ),
    path("projects/<slug:slug>/assets", assets.AssetsAPI.as_view(), name="assets"),
    path("projects/<slug:slug>/assets/<uuid:asset_id>", assets.AssetAPI.as_view(), name="asset"),
    path(
        "projects/<slug:slug>/assets/<uuid:asset_id>/file", assets.AssetFileAPI.as_view(), name="asset-file"
    ),
    path("projects/<slug:slug>/render/stitch", stitch.StitchAPI.as_view(), name="stitch"),
    path("projects/<slug:slug>/render/quote", stitch.QuoteAPI.as_view(), name="quote"),
    path("projects/<slug:slug>/uploads", uploads.UploadsAPI.as_view(), name="uploads"),
    path("uploads/<uuid:upload_id>", uploads.UploadAPI.as_view(), name="upload"),
    path("script-drafts", script_drafts.ScriptDraftsAPI.as_view(), name="script-drafts"),
    path("script-drafts/<uuid:draft_id>", script_drafts.ScriptDraftAPI.as_view(), name="script-draft"),
    path("brand", brand.BrandAPI.as_view(), name="brand"),
    path("brand/logo", brand.BrandLogoAPI.as_view(), name="brand-logo"),
    path("brand/logo/file", brand.BrandLogoFileAPI.as_view(), name="brand-logo-file"),
    path("voices", voices.VoicesAPI.as_view(), name="voices"),
    path("renders", renders.RendersAPI.as_view(), name="renders"),
    path("renders/<uuid:render_id>", renders.RenderAPI.as_view(), name="render"),
    path("renders/<uuid:render_id>/events", events.RenderEventsAPI.as_view(), name="render-events"),
    path("renders/<uuid:render_id>/cancel", renders.RenderCancelAPI.as_view(), name="render-cancel"),
    path("renders/<uuid:render_id>/retry", renders.RenderRetryAPI.as_view(), name="render-retry"),
    path(
        "renders/<uuid:render_id>/publish/youtube",
        publish.PublishYouTubeAPI.as_view(),
        name="publish-youtube",
    ),
    path("renders/<uuid:render_id>/video", downloads.RenderVideoAPI.as_view(), name="render-video"),
    path("renders/<uuid:render_id>/poster", downloads.RenderPosterAPI.as_view(), name="render-poster"),
    path(
        "renders/<uuid:render_id>/captions.vtt",
        downloads.RenderCaptionsVttAPI.as_view(),
        name="render-captions-vtt",
    ),
    path(
        "renders/<uuid:render_id>/captions.srt",
        downloads.RenderCaptionsSrtAPI.as_view(),
        name="render-captions-srt",
    ),
]

__all__ = ["api_urlpatterns", "page_urlpatterns"]

"""URLs of the HTML pages, mounted at the root as `rendering-pages`."""

from django.urls import path

from rendering.views import brand, create, editor, files, library, renders, voice, youtube

page_urlpatterns = [
    path("", create.home, name="home"),
    path("create", create.create, name="create"),
    path("create/topic", create.topic, name="topic"),
    path("create/topic/<uuid:draft_id>", create.draft, name="script-draft"),
    path("projects/<slug:slug>", editor.project, name="project"),
    path("projects/<slug:slug>/limit", editor.limit, name="project-limit"),
    path("projects/<slug:slug>/scenes/<uuid:scene_id>/preview", files.scene_preview, name="scene-preview"),
    path("projects/<slug:slug>/scenes/<uuid:scene_id>/picture", files.scene_picture, name="scene-picture"),
    path("projects/<slug:slug>/scenes/<uuid:scene_id>/voice", voice.show, name="scene-voice"),
    path("projects/<slug:slug>/scenes/<uuid:scene_id>/voice.flac", voice.sound, name="scene-voice-file"),
    path("account/brand", brand.show, name="brand"),
    path("account/brand/logo", brand.logo, name="brand-set-logo"),
    path("account/brand/logo.png", brand.logo_file, name="brand-logo"),
    path("account/brand/sample/<slug:look>", brand.sample, name="brand-sample"),
    path("renders/<uuid:render_id>", renders.show, name="render"),
    path("renders/<uuid:render_id>/progress", renders.progress, name="render-progress"),
    path("renders/<uuid:render_id>/cancel", renders.cancel, name="render-cancel"),
    path("renders/<uuid:render_id>/retry", renders.retry, name="render-retry"),
    path("renders/<uuid:render_id>/rename", renders.rename, name="render-rename"),
    path("renders/<uuid:render_id>/publish", youtube.publish, name="publish"),
    path("account/youtube", youtube.show, name="youtube"),
    path("account/youtube/connect", youtube.connect, name="youtube-connect"),
    path("account/youtube/callback", youtube.callback, name="youtube-callback"),
    path("account/youtube/disconnect", youtube.disconnect, name="youtube-disconnect"),
    path("renders/<uuid:render_id>/video", files.video, name="video"),
    path("renders/<uuid:render_id>/poster", files.poster, name="poster"),
    path("renders/<uuid:render_id>/captions.vtt", files.captions_vtt, name="captions-vtt"),
    path("renders/<uuid:render_id>/captions.srt", files.captions_srt, name="captions-srt"),
    path("library", library.show, name="library"),
    path("library/delete", library.delete, name="library-delete"),
]

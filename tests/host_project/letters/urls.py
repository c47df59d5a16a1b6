"""URLs of letters."""

from django.urls import path

from letters import api

urlpatterns = [path("", api.LettersAPI.as_view(), name="letters")]

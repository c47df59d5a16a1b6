"""Forms of the rendering pages. They check what a person typed; the services check again for everyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms

from rendering import conf, providers
from rendering.choices import (
    Aspect,
    CaptionPlace,
    Captions,
    Look,
    Motion,
    Music,
    MusicLevel,
    Resolution,
    Transition,
    music_choice,
)
from rendering.form_fields import SpokenField, TextField, labelled, offer
from rendering.languages import LANGUAGES, VOICES, language_problem, voice_problem
from rendering.models import Asset, Project, Scene

Choices = list[tuple[str, str]]
Data = Mapping[str, Any] | None

_LEFT = ("music", "music_level", "captions", "caption_place", "look", "when_unavailable")


class ProjectForm(forms.Form):
    """What is true for the whole video."""

    title = TextField(
        max_length=200,
        widget=forms.TextInput(attrs={"class": "title-in", "dir": "auto", "placeholder": "Title"}),
    )
    aspect = forms.ChoiceField(label="Shape", choices=Aspect.choices, widget=forms.RadioSelect)
    language = SpokenField(
        label="Language", problem=language_problem, widget=forms.Select(attrs={"class": "in"})
    )
    voice = SpokenField(
        label="Voice", problem=voice_problem, required=False, widget=forms.Select(attrs={"class": "in"})
    )
    music = forms.ChoiceField(
        label="Music", choices=Music.choices, required=False, widget=forms.Select(attrs={"class": "in"})
    )
    music_level = forms.ChoiceField(
        label="Music level",
        choices=labelled(MusicLevel),
        required=False,
        widget=forms.Select(attrs={"class": "in"}),
    )
    captions = forms.ChoiceField(
        label="Captions",
        choices=labelled(Captions),
        required=False,
        widget=forms.Select(attrs={"class": "in"}),
    )
    caption_place = forms.ChoiceField(
        label="Caption place",
        choices=labelled(CaptionPlace),
        required=False,
        widget=forms.Select(attrs={"class": "in"}),
    )
    look = forms.ChoiceField(
        label="Look", choices=labelled(Look), required=False, widget=forms.Select(attrs={"class": "in"})
    )
    when_unavailable = forms.ChoiceField(
        label="When a picture or voice cannot be had",
        choices=[("stand-in", "Use a stand-in and say so"), ("wait", "Wait, up to a day")],
        required=False,
        widget=forms.Select(attrs={"class": "in"}),
    )
    is_branded = forms.BooleanField(label="Use the brand kit", required=False)

    def __init__(self, data: Data = None, *, project: Project, sounds: Sequence[Asset] = ()) -> None:
        stored = {name: getattr(project, name) for name in self.base_fields}
        if project.music_asset_id:
            stored["music"] = str(project.music_asset_id)
        super().__init__(data, initial=stored)
        music = cast(forms.ChoiceField, self.fields["music"])
        music.choices = [*labelled(Music), *((str(sound.pk), sound.name) for sound in sounds)]
        # The API takes languages and voices that the lists do not name; saving the page must not lose them.
        offer(self.fields["language"], LANGUAGES, present=project.language)
        offer(self.fields["voice"], [*VOICES, *providers.outside_voices()], present=project.voice)
        self.has_outside = bool(providers.image_identity() or providers.outside_voices())
        if not self.has_outside:
            # There is nobody to wait for.
            del self.fields["when_unavailable"]

    def clean(self) -> dict[str, Any]:
        """A choice of which the page says nothing stays; a page may be older than the choice."""
        unsaid = {name: self.initial[name] for name in _LEFT if self.cleaned_data.get(name) == ""}
        return self.cleaned_data | unsaid

    @property
    def changes(self) -> dict[str, Any]:
        """What was changed, by the names of scripts.SETTINGS."""
        changed = _changed(self)
        return {**changed, **music_choice(changed.pop("music"))} if "music" in changed else changed


class SceneForm(forms.Form):
    """One scene. What projects have, too, is called `scene_…` here: both are on one page."""

    scene_look = forms.ChoiceField(
        label="Look", choices=labelled(Look), required=False, widget=forms.Select(attrs={"class": "in"})
    )
    heading = TextField(
        label="Heading",
        max_length=conf.MAX_HEADING_CHARACTERS,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "in", "dir": "auto", "placeholder": "Words on the picture. They are not spoken."}
        ),
    )
    scene_language = SpokenField(
        label="Language",
        problem=language_problem,
        required=False,
        widget=forms.Select(attrs={"class": "in"}),
    )
    scene_voice = SpokenField(
        label="Voice", problem=voice_problem, required=False, widget=forms.Select(attrs={"class": "in"})
    )

    narration = TextField(
        max_length=conf.MAX_NARRATION_CHARACTERS,
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "in", "rows": 4, "dir": "auto", "aria-describedby": "narration-count"}
        ),
    )
    image_prompt = TextField(
        label="Picture",
        max_length=conf.MAX_PROMPT_CHARACTERS,
        required=False,
        widget=forms.Textarea(
            attrs={
                "class": "in",
                "rows": 2,
                "dir": "auto",
                "placeholder": "What the picture shows. Left empty, it is drawn from the narration.",
            }
        ),
    )
    transition = forms.ChoiceField(
        label="To the next scene", choices=labelled(Transition), widget=forms.RadioSelect
    )
    motion = forms.ChoiceField(
        label="Motion", choices=labelled(Motion), widget=forms.Select(attrs={"class": "in"})
    )
    duration_seconds = forms.FloatField(
        label="Seconds, at least",
        min_value=0.5,
        max_value=conf.MAX_SCENE_SECONDS,
        required=False,
        widget=forms.NumberInput(attrs={"class": "in mono", "step": "0.5", "placeholder": "as the voice"}),
    )
    caption = TextField(
        label="Caption",
        max_length=conf.MAX_CAPTION_CHARACTERS,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "in", "dir": "auto", "placeholder": "Left empty, the caption follows the voice"}
        ),
    )

    def __init__(self, data: Data = None, *, scene: Scene) -> None:
        super().__init__(data, initial={name: getattr(scene, _column(name)) for name in self.base_fields})
        offer(self.fields["scene_language"], [("", "As the project"), *LANGUAGES], present=scene.language)
        offer(
            self.fields["scene_voice"],
            [("", "As the project"), *VOICES[1:], *providers.outside_voices()],
            present=scene.voice,
        )

    def clean_scene_look(self) -> str:
        """A page that says nothing of it leaves it."""
        return str(self.cleaned_data["scene_look"] or self.initial["scene_look"])

    @property
    def changes(self) -> dict[str, Any]:
        """What was changed, by the names of scripts.SCENE_FIELDS."""
        return {_column(name): value for name, value in _changed(self).items()}


def _column(name: str) -> str:
    return name.removeprefix("scene_")


def _changed(form: forms.Form) -> dict[str, Any]:
    """What differs from what is stored, once it is clean."""
    cleaned = form.cleaned_data
    return {name: cleaned[name] for name in form.changed_data if cleaned[name] != form.initial[name]}


class LockingRadioSelect(forms.RadioSelect):
    """Radios of which some are shown but cannot be chosen."""

    locked: frozenset[str] = frozenset()

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """One radio, disabled and pointing to the reason when it is locked."""
        option = super().create_option(*args, **kwargs)
        if option["value"] in self.locked:
            option["attrs"] |= {"disabled": True, "aria-describedby": "locked"}
        return option


class RenderForm(forms.Form):
    """How a render should come out."""

    resolution = forms.ChoiceField(choices=Resolution.choices, widget=LockingRadioSelect)
    fps = forms.TypedChoiceField(
        label="Frames a second",
        choices=[(fps, str(fps)) for fps in conf.FPS_CHOICES],
        coerce=int,
        widget=forms.RadioSelect,
    )

    def __init__(
        self, data: Data = None, *, initial: Mapping[str, Any] | None = None, has_4k: bool = True
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        widget = cast(LockingRadioSelect, self.fields["resolution"].widget)
        widget.locked = frozenset() if has_4k else frozenset({Resolution.UHD.value})


class DeedForm(forms.Form):
    """What to do besides saving, and what the page showed: the version of the project, the open scene."""

    deed = forms.CharField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)
    scene = forms.UUIDField(required=False, widget=forms.HiddenInput)
    split_at = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


class PictureForm(forms.Form):
    """A picture for one scene."""

    picture = forms.FileField(
        label="Picture file",
        required=False,
        widget=forms.FileInput(
            attrs={"class": "in", "accept": "image/png,image/jpeg,image/webp,audio/*,video/*"}
        ),
    )


class RenameForm(forms.Form):
    """Another title for a video."""

    title = forms.CharField(max_length=200)

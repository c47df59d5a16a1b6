"""Three scripts to start from. A blank line starts a scene; "Image:" says what its picture shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A script with its title, and one line about it."""

    key: str
    title: str
    about: str
    script: str

    @property
    def picture(self) -> str:
        """The drawing it is offered with, as a static path."""
        return f"art/{self.key}.svg"


SAMPLES = (
    Sample(
        key="harbour",
        title="Harbour at five",
        about="A place at one hour. Three short scenes.",
        script="""Image: A harbour before sunrise, two cranes against a red sky
At five in the morning the harbour belongs to the cranes.

Image: A container hanging over the deck of a ship
A box from the other side of the world lands without a sound.

Image: The sun over still water, a tug going out
By six the first tug goes out, and the day has begun.
""",
    ),
    Sample(
        key="pour-over",
        title="Pour-over, slowly",
        about="How to do a thing. Four steps.",
        script="""Image: A kettle on a wooden table, steam rising
Boil the water, then wait. Ninety-four degrees is enough.

Image: A paper filter in a glass cone, seen from above
Rinse the filter. It warms the glass and takes the taste of paper away.

Image: Coffee grounds swelling as the first water falls
Pour a little, and let the coffee bloom for thirty seconds.

Image: A cup of black coffee with a heart in it
Pour the rest in circles, slowly. Three minutes, and it is done.
""",
    ),
    Sample(
        key="mountain-pass",
        title="Over the pass before the snow",
        about="A story with a beginning, a middle and an end.",
        script="""Image: A mountain range in autumn light, a path winding up
On the last day of September the herd goes over the pass.

Image: Sheep on a narrow path, clouds below them
Two hundred sheep, three dogs, and one who knows the way.

Image: A stone hut below a snowy peak at night
At night the first snow falls behind them. Nobody looks back.
""",
    ),
)

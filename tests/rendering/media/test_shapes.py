"""A text is read as a quotation, a list or figures only where it is one."""

from __future__ import annotations

import pytest

from rendering.media.shapes import figures_in, is_comparable, items_in, quote_in


@pytest.mark.parametrize(
    ("text", "words", "by"),
    [
        ('"The sea is patient, as I am." — Anne Lindbergh', "The sea is patient, as I am.", "Anne Lindbergh"),
        ('Einstein once said: "Imagination is all."', "Imagination is all.", "Einstein"),
        ("„Der Weg ist das Ziel.“", "Der Weg ist das Ziel.", ""),
        ("「海は焦る者に報いない。」— 灯台守", "海は焦る者に報いない。", "灯台守"),
        ("«العلم في الصغر كالنقش على الحجر»", "العلم في الصغر كالنقش على الحجر", ""),
        ("What we know is a drop, what we do not know is an ocean — Isaac Newton",
         "What we know is a drop, what we do not know is an ocean", "Isaac Newton"),
    ],
)  # fmt: skip
def test_quotations(text: str, words: str, by: str) -> None:
    found = quote_in(text)
    assert found is not None
    assert (found.words, found.by) == (words, by)


@pytest.mark.parametrize(
    "text",
    [
        "The tide turns twice a day.",
        'He shouted "no" and went away into the dark and cold night of the harbour.',
        "The gate falls — then the sea leaves without its water.",
    ],
)
def test_no_quotations(text: str) -> None:
    assert quote_in(text) is None


@pytest.mark.parametrize(
    ("text", "lead", "items"),
    [
        ("You need three things: water, coffee, and patience.", "You need three things",
         ("water", "coffee", "patience")),
        ("- Boil\n- Grind\n- Pour", "", ("Boil", "Grind", "Pour")),
        ("Boil the water. Grind the beans. Pour slowly.", "",
         ("Boil the water", "Grind the beans", "Pour slowly")),
        ("准备三样东西：水、咖啡、耐心", "准备三样东西", ("水", "咖啡", "耐心")),
        ("تحتاج إلى ثلاثة أشياء: ماء، قهوة، صبر", "تحتاج إلى ثلاثة أشياء", ("ماء", "قهوة", "صبر")),
    ],
)  # fmt: skip
def test_lists(text: str, lead: str, items: tuple[str, ...]) -> None:
    found = items_in(text)
    assert found is not None
    assert (found.lead, found.items) == (lead, items)


@pytest.mark.parametrize(
    "text",
    ["One thing. And another.", "At five in the morning the harbour, still dark, belongs to the cranes."],
)
def test_no_lists(text: str) -> None:
    assert items_in(text) is None


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Wind gives 38%, solar 24% and gas 12%.",
         [("Wind", "38%", 38), ("Solar", "24%", 24), ("Gas", "12%", 12)]),
        ("In 2020 we made 120 films, in 2025 it was 1,950.", [("2020", "120", 120), ("2025", "1,950", 1950)]),
        ("Sales grew from 20 to 45 percent.", [("Sales", "20%", 20), ("", "45%", 45)]),
        ("71 percent of the Earth is water.", [("Earth is water", "71%", 71)]),
        ("风能占38%，太阳能占24%", [("风能占", "38%", 38), ("太阳能占", "24%", 24)]),
        ("पवन ऊर्जा ३८%, सौर २४%", [("पवन ऊर्जा", "३८%", 38), ("सौर", "२४%", 24)]),
        ("Rent 1.250,50 €, food 400,25 €", [("Rent", "1.250,50€", 1250.5), ("Food", "400,25€", 400.25)]),
    ],
)  # fmt: skip
def test_figures(text: str, figures: list[tuple[str, str, float]]) -> None:
    found = figures_in(text)
    assert [(figure.label, figure.shown, figure.value) for figure in found] == figures
    assert is_comparable(found)


@pytest.mark.parametrize(
    "text", ["We opened at 5:30.", "A herd of 200 sheep.", "It was 1999.", "No number at all."]
)
def test_nothing_to_compare(text: str) -> None:
    assert not is_comparable(figures_in(text))

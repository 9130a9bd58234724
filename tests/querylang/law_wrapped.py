"""Cases of the laws about long wrappings, headings, purposes, numbered lists and slips in what is said inside."""

from __future__ import annotations

import re
from random import Random

from law_composition import POLITE, commas, list_law, owner_law, sentence
from law_errors import KNOWN
from law_exceptions import taken_away_law
from law_frames import FRAMES
from law_joined import joined_layout_law
from law_lists import long_list_law
from law_phrases import Item, LawCase, base_instruction, case, counted
from law_references import back_reference_law
from law_sides import late_side_law
from law_subparts import sub_part_law
from law_writing import told

ASKING = ("please", "can you", "could you", "can you please", "could you please", "please can you", "I need you to")
ASKING += ("I'd like you to", "I want you to")
VERBS = ("find", "detect", "mark", "locate", "place", "get", "predict", "return", "extract", "plot", "draw", "track")
VERBS += ("sample", "show me", "give me", "find and mark", "detect and return", "get me")
WHAT = ("", "", "the coordinates of ", "the positions of ", "the x/y coordinates of ", "the x and y coordinates of ")
CLOSING = ("in the image", "on this photo", "in this picture", "in the photo", "please", "thanks", "thank you")
SAID = ("I have a photo, I need ", "I have a photo and I need ", "The user wants ", "how do I get ")
HEADINGS = ("Query", "Task", "My request", "Makeup app", "For the clinic report", "Input for the tracker", "Quick test")
HEADINGS += ("Symmetry check", "Request from the animator", "New job", "Draft of the study")
PURPOSES = (
    "for lipstick",
    "to draw eyeliner",
    "for a makeup app",
    "for my research",
    "to check symmetry",
    "for a filter",
)
PURPOSES += ("for a tattoo design", "to animate a puppet", "for our game character", "to train a tracker")


def ask(rng: Random) -> str:
    return f"{rng.choice(ASKING)} {rng.choice(VERBS)} {rng.choice(WHAT)}"


def wrap(rng: Random, text: str) -> tuple[str, str]:
    """The text in longer words around it, and their kind; nobody asks for the coordinates of "on the nose"."""
    kinds = ("asking", "asking", "both", "said", "all", "closing", "heading", "purpose")
    kind = rng.choice(kinds[5:] if text.startswith(("on ", "for ", "at ", "from ", "starting ")) else kinds)
    closing = rng.choice(("{x} {c}", "{x}, {c}", "{x} {c}, thanks", "{x} {c}. Thank you!")).format(
        x=text, c=rng.choice(CLOSING)
    )
    if kind == "asking":
        asked = ask(rng)
        return sentence(f"{asked}{text}") + rng.choice(("", ".", "?")), kind
    if kind == "closing":
        return closing, kind
    if kind == "both":
        return sentence(f"{ask(rng)}{closing}"), kind
    if kind == "said":
        return f"{rng.choice(SAID)}{text}", kind
    heading = rng.choice(HEADINGS)
    mine = ", of mine" if heading.startswith("My") else ""
    if kind == "heading":
        return f"{heading}: {text}", kind + mine
    purpose = rng.choice(PURPOSES)
    if kind == "purpose":
        return rng.choice(("{x} {p}", "{x}, {p}", "{x} {p}.")).format(x=text, p=purpose), kind
    return f"{heading}: {ask(rng)}{text} {purpose}, {rng.choice(('please', 'thanks'))}", kind + mine


def wrapped_item(rng: Random) -> LawCase:
    item = base_instruction(rng)
    text, kind = wrap(rng, item.text)
    return told("wrapped", f"plain, {kind}", text, item.points)


INSIDE = {
    "late side": late_side_law,
    "pointing back": back_reference_law,
    "taking away": taken_away_law,
    "long list": long_list_law,
    "sub-part": sub_part_law,
    "layouts": joined_layout_law,
    "list": list_law,
    "owner": owner_law,
}


def wrapped_family(rng: Random) -> LawCase:
    """Whatever another law's text means, or how it fails, it does in longer words too."""
    while True:
        name = rng.choice(list(INSIDE))
        inner = INSIDE[name](rng)
        text = inner.texts[-1]
        if inner.check == "same" and not re.search(r"\n|[.:;]", text) and not text.startswith(("all ", "every ")):
            break
    wrapped, kind = wrap(rng, text)
    return case(
        "wrapped",
        f"{name}, {kind}",
        [text, wrapped],
        perspectives=(inner.perspective(1 if inner.texts[1:] else 0),) * 2,
        check="turned",
    )


def framed(rng: Random) -> LawCase:
    """Whole sentences around what is asked change nothing."""
    item, frame = counted(rng), rng.choice(FRAMES)
    return told("wrapped", frame, sentence(frame.format(x=item.text)), item.points)


LISTS = {
    "numbers": lambda texts: "\n".join(f"{i}. {text}" for i, text in enumerate(texts, 1)),
    "brackets": lambda texts: "\n".join(f"{i}) {text}" for i, text in enumerate(texts, 1)),
    "two brackets": lambda texts: "\n".join(f"({i}) {text}" for i, text in enumerate(texts, 1)),
    "dashes": lambda texts: "\n".join(f"- {text}" for text in texts),
    "stars": lambda texts: "\n".join(f"* {text}" for text in texts),
    "bullets": lambda texts: "\n".join(f"\N{BULLET} {text}" for text in texts),
    "blank lines": lambda texts: "\n\n".join(f"{i}. {sentence(text)}." for i, text in enumerate(texts, 1)),
}
LEADS = ("Please mark:\n", "I need:\n", "Task:\n", "Makeup app:\n", "")
TAILS = ("", "", "\nThanks!", "\nThank you.", "\nPlease.")


def numbered(rng: Random) -> LawCase:
    items: list[Item] = [rng.choice((counted, base_instruction, counted))(rng) for _ in range(rng.choice((2, 3, 4)))]
    if any(item.text.startswith("the ") and not re.search(r"\bat\b|along", item.text) for item in items):
        items = [counted(rng) for _ in items]
    name, lead, tail = rng.choice(list(LISTS)), rng.choice(LEADS), rng.choice(TAILS)
    text = lead + LISTS[name]([item.text for item in items]) + tail
    points = [point for item in items for point in item.points]
    return told("wrapped", f"list, {name}: {lead!r} {tail!r}", text, points)


# Of six letters or more: nothing else of the language lies one slip away.
SLIPPED = ("eyebrow", "nostril", "contour", "boundary", "corner", "eyelid", "jawline", "outline", "canthus", "bridge")
SLIPPED += ("points", "landmarks", "density", "keypoints", "commissure", "subnasale", "vermilion", "except", "without")
SLIPPED += ("between", "quarter", "distances", "starting")


def slip(rng: Random, word: str) -> str:
    """Two neighbours inside it swapped, or a letter inside it dropped or doubled."""
    at = rng.choice([i for i in range(1, len(word) - 2) if word[i] != word[i + 1]])
    return rng.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )


def slipped(rng: Random) -> LawCase:
    """One slip in a long word is read, in words around it too."""
    while True:
        item = rng.choice((base_instruction(rng), counted(rng)))
        found = [match for match in re.finditer(r"[a-z]+", item.text) if match[0] in SLIPPED]
        if found:
            break
    match = rng.choice(found)
    wrong = slip(rng, match[0])
    while wrong in KNOWN or wrong == match[0]:
        wrong = slip(rng, match[0])
    text, kind = item.text[: match.start()] + wrong + item.text[match.end() :], "alone"
    if rng.random() < 0.5:
        text, kind = wrap(rng, text)
    return told("wrapped", f"slip in {match[0]!r}, {kind}", text, item.points)


def wrapped_list(rng: Random) -> LawCase:
    """Three items in one sentence with longer words around."""
    items = [counted(rng) for _ in range(3)]
    text, kind = wrap(rng, commas([item.text for item in items]))
    return told("wrapped", f"three items, {kind}", text, [point for item in items for point in item.points])


def for_a_user(rng: Random) -> LawCase:
    """An agent says for whom it asks."""
    item, form = (
        counted(rng),
        rng.choice(("The user wants me to {v} {x}", "The user wants you to {v} {x}", "The user wants {x}")),
    )
    return told("wrapped", form, form.format(v=rng.choice(VERBS[:8]), x=item.text), item.points)


def polite_twice(rng: Random) -> LawCase:
    """Each sentence has its own politeness."""
    items = [counted(rng) for _ in range(rng.choice((2, 3)))]
    texts = [sentence(f"{rng.choice((ask(rng), rng.choice(POLITE[:16])))}{item.text}") for item in items]
    return told(
        "wrapped", "every sentence polite", ". ".join(texts) + ".", [point for item in items for point in item.points]
    )


def wrapped_law(rng: Random) -> LawCase:
    """Longer wrappings, headings, purposes and lists change nothing; a slip inside is read."""
    makers = (wrapped_item, wrapped_family, slipped, framed)
    return rng.choice((*makers, *makers, *makers, numbered, numbered, wrapped_list, polite_twice, for_a_user))(rng)

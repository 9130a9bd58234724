"""What people call parts, places, counts and the rest, each with its meaning from the tables of the language.

`{s}` stands for a side; a sided meaning is the left one.
"""

from __future__ import annotations

from typing import NamedTuple

from law_oracle import F, Point, Stretch, cut


class Thing(NamedTuple):
    """Names, and the stretches or the places that each of them means."""

    names: tuple[str, ...]
    stretches: tuple[Stretch, ...] = ()
    places: tuple[Point, ...] = ()


def place(names: str, part: str, fpalp: F | int = 0) -> Thing:
    return Thing(tuple(names.split("|")), places=((part, F(fpalp)),))


def stretch(names: str, *stretches: Stretch) -> Thing:
    return Thing(tuple(names.split("|")), stretches)


L_EYE, L_BROW, JAW, WINGS = "left eye", "left eyebrow", "face contour", "nose boundary"
OUTER, INNER, BRIDGE = "outer lip", "inner lip", "nose bridge"

SIDED_STRETCHES = [
    stretch("{s} eye", Stretch(L_EYE)),
    stretch("{s} eyebrow|{s} brow", Stretch(L_BROW)),
    stretch(
        "upper lid of the {s} eye|{s} upper eyelid|upper {s} eyelid|{s} upper lid|{s} eye's upper lid|"
        "upper eyelid of the {s} eye|{s} upper lash line",
        cut(L_EYE, 0, F(1, 2)),
    ),
    stretch(
        "lower lid of the {s} eye|{s} lower eyelid|lower {s} eyelid|{s} lower lid|{s} eye's lower lid|"
        "lower eyelid of the {s} eye",
        cut(L_EYE, F(1, 2), 1),
    ),
    stretch("upper edge of the {s} eyebrow|{s} brow's upper edge|{s} eyebrow upper edge", cut(L_BROW, 0, F(4, 9))),
    stretch("lower edge of the {s} eyebrow|lower edge of the {s} brow", cut(L_BROW, F(5, 9), 1)),
    stretch("inner half of the {s} eye", cut(L_EYE, F(1, 4), F(3, 4))),
    stretch("outer half of the {s} eye", cut(L_EYE, F(3, 4), F(5, 4))),
    stretch("inner half of the {s} eyebrow|inner half of the {s} brow", cut(L_BROW, F(2, 9), F(7, 9))),
    stretch("outer half of the {s} eyebrow|{s} brow's outer half", cut(L_BROW, F(7, 9), F(11, 9))),
    stretch("{s} jaw|{s} jawline|{s} side of the jaw|{s} side of the face outline", cut(JAW, 0, F(1, 2))),
    stretch("{s} third of the face contour", cut(JAW, 0, F(1, 3))),
    stretch("{s} third of the nose boundary", cut(WINGS, 0, F(1, 3))),
    stretch("{s} cheek line", cut(JAW, 0, F(8, 32))),
    stretch("{s} half of the outer lip|{s} side of the outer lip", cut(OUTER, F(9, 12), F(15, 12))),
    stretch("{s} half of the inner lip", cut(INNER, F(6, 8), F(10, 8))),
]
PLAIN_STRETCHES = [
    stretch("face contour|jaw|jawline|jaw line|jaw contour|chin line|face outline|face oval|mandible", Stretch(JAW)),
    stretch("nose bridge|nose line|nose ridge|bridge of the nose|nasal bridge|dorsum", Stretch(BRIDGE)),
    stretch("nose boundary|nose bottom|nostril line|underside of the nose|alar base", Stretch(WINGS)),
    stretch("outer lip|outer lips|lip outline|lip contour|mouth outline|vermilion border", Stretch(OUTER)),
    stretch("inner lip|inner lips|inner mouth|mouth opening", Stretch(INNER)),
    stretch("outline of the upper lip|upper lip contour|border of the upper lip", cut(OUTER, 0, F(6, 12))),
    stretch("outline of the lower lip|edge of the lower lip|lower lip outline", cut(OUTER, F(6, 12), 1)),
    stretch("chin area", cut(JAW, F(13, 32), F(19, 32))),
    stretch("central third of the face contour|centre third of the face contour", cut(JAW, F(1, 3), F(2, 3))),
]
GROUPS = [
    stretch("eyes", Stretch(L_EYE), Stretch("right eye")),
    stretch("eyebrows|brows", Stretch(L_BROW), Stretch("right eyebrow")),
    stretch("lips|mouth", Stretch(OUTER), Stretch(INNER)),
    stretch("nose", Stretch(BRIDGE), Stretch(WINGS)),
    stretch("upper lip", cut(OUTER, 0, F(6, 12)), cut(INNER, 0, F(4, 8))),
    stretch("lower lip", cut(OUTER, F(6, 12), 1), cut(INNER, F(4, 8), 1)),
]
# Two of a kind, side by side: "each eye", "both eyes", "eyes".
PAIRS = [
    ("eye", "eyes", Stretch(L_EYE)),
    ("eyebrow", "eyebrows", Stretch(L_BROW)),
    ("brow", "brows", Stretch(L_BROW)),
    ("upper eyelid", "upper eyelids", cut(L_EYE, 0, F(1, 2))),
    ("lower lid", "lower lids", cut(L_EYE, F(1, 2), 1)),
]

SIDED_PLACES = [
    place("{s} mouth corner|{s} corner of the mouth|{s} lip corner|{s} commissure", OUTER),
    place("{s} inner mouth corner", INNER),
    place("{s} jaw end|{s} end of the jaw|{s} end of the jawline", JAW),
    place("{s} jaw corner|{s} jaw angle|{s} gonion", JAW, F(8, 32)),
    place("{s} side of the chin|{s} chin boundary", JAW, F(13, 32)),
    place("{s} brow tail|tail of the {s} eyebrow|outer end of the {s} brow|{s} eyebrow's tail", L_BROW),
    place("{s} brow head|head of the {s} eyebrow|inner end of the {s} eyebrow", L_BROW, F(1, 2)),
    place("{s} brow arch|arch of the {s} eyebrow|peak of the {s} brow|{s} eyebrow arch", L_BROW, F(2, 9)),
    place("outer corner of the {s} eye|{s} eye's outer corner|{s} eye outer corner|{s} outer canthus", L_EYE),
    place("inner corner of the {s} eye|{s} inner eye corner|{s} inner canthus|{s} tear duct", L_EYE, F(1, 2)),
    place("top of the {s} eye", L_EYE, F(1, 4)),
    place("bottom of the {s} eye", L_EYE, F(3, 4)),
    place("{s} nostril|{s} nostril wing|{s} ala|{s} side of the nose", WINGS),
    place("{s} peak of the cupid's bow", OUTER, F(2, 12)),
    place("{s} pupil|{s} iris|pupil of the {s} eye|{s} eye centre|centre of the {s} eye", "left pupil"),
]
# Beside a count these could also be the stretch of that name: only alone.
CENTRES = [
    place("centre of the {s} eyebrow|middle of the {s} eyebrow", "middle of left eyebrow"),
    place("centre of the mouth|centre of the lips", "middle of mouth"),
    place("chin|bottom of the face", JAW, F(1, 2)),
    place("middle of the upper lip", OUTER, F(3, 12)),
    place("middle of the lower lip", OUTER, F(9, 12)),
    place("left pupil|left iris", "left pupil"),
]
PLAIN_PLACES = [
    place("nose tip|tip of the nose|pronasale", BRIDGE, 1),
    place("nose root|nasion|top of the nose bridge|root of the nose", BRIDGE),
    place("base of the nose|subnasale|columella", WINGS, F(3, 6)),
    place("chin tip|tip of the chin|menton|gnathion", JAW, F(16, 32)),
    place("cupid's bow|top of the upper lip", OUTER, F(3, 12)),
    place("bottom of the lower lip", OUTER, F(9, 12)),
    place("stomion", "middle of mouth"),
]
# A plural that names both, left then right.
BOTH_PLACES = [
    Thing(("mouth corners", "corners of the mouth", "lip corners"), places=((OUTER, F(0)), (OUTER, F(1, 2)))),
    Thing(("nostrils", "nostril wings"), places=((WINGS, F(0)), (WINGS, F(1)))),
    Thing(("jaw ends", "ends of the jaw"), places=((JAW, F(0)), (JAW, F(1)))),
    Thing(("jaw corners", "jaw angles"), places=((JAW, F(1, 4)), (JAW, F(3, 4)))),
    Thing(("brow tails", "eyebrow tails"), places=((L_BROW, F(0)), ("right eyebrow", F(4, 9)))),
    Thing(("brow arches",), places=((L_BROW, F(2, 9)), ("right eyebrow", F(2, 9)))),
    Thing(("outer eye corners", "outer canthi"), places=((L_EYE, F(0)), ("right eye", F(1, 2)))),
    Thing(("inner eye corners", "inner canthi"), places=((L_EYE, F(1, 2)), ("right eye", F(0)))),
]


class Owner(NamedTuple):
    """A part that can own a list: its names, and what lies on it as stretches, places and points along it."""

    names: tuple[str, ...]
    stretches: tuple[Thing, ...]
    places: tuple[Thing, ...]
    curve: Stretch | None = None


EYE = Owner(
    ("{s} eye",),
    (
        stretch("upper lid|upper eyelid|top lid", cut(L_EYE, 0, F(1, 2))),
        stretch("lower lid|lower eyelid|bottom lid", cut(L_EYE, F(1, 2), 1)),
        stretch("inner half", cut(L_EYE, F(1, 4), F(3, 4))),
        stretch("outer half", cut(L_EYE, F(3, 4), F(5, 4))),
        stretch("upper half", cut(L_EYE, 0, F(1, 2))),
        stretch("inner third", cut(L_EYE, F(1, 3), F(2, 3))),
        stretch("outer third", cut(L_EYE, F(5, 6), F(7, 6))),
    ),
    (
        place("outer corner|outer canthus", L_EYE),
        place("inner corner|inner canthus|tear duct", L_EYE, F(1, 2)),
        place("pupil|iris", "left pupil"),
        place("top", L_EYE, F(1, 4)),
        place("bottom", L_EYE, F(3, 4)),
    ),
    Stretch(L_EYE),
)
BROW = Owner(
    ("{s} eyebrow", "{s} brow"),
    (
        stretch("upper edge", cut(L_BROW, 0, F(4, 9))),
        stretch("lower edge", cut(L_BROW, F(5, 9), 1)),
        stretch("inner half", cut(L_BROW, F(2, 9), F(7, 9))),
        stretch("outer half", cut(L_BROW, F(7, 9), F(11, 9))),
        stretch("inner third", cut(L_BROW, F(3, 9), F(6, 9))),
        stretch("outer third", cut(L_BROW, F(15, 18), F(21, 18))),
    ),
    (
        place("tail|outer end", L_BROW),
        place("head|inner end", L_BROW, F(1, 2)),
        place("arch|peak", L_BROW, F(2, 9)),
    ),
    Stretch(L_BROW),
)
MOUTH = Owner(
    ("mouth", "lips"),
    (),
    (
        place("left corner", OUTER),
        place("right corner", OUTER, F(1, 2)),
        place("cupid's bow", OUTER, F(3, 12)),
    ),
)
OUTER_LIP = Owner(
    ("outer lip",),
    (
        stretch("left half", cut(OUTER, F(9, 12), F(15, 12))),
        stretch("right half", cut(OUTER, F(3, 12), F(9, 12))),
        stretch("upper half", cut(OUTER, 0, F(1, 2))),
        stretch("lower half", cut(OUTER, F(1, 2), 1)),
    ),
    (place("left corner", OUTER), place("right corner", OUTER, F(1, 2)), place("cupid's bow", OUTER, F(3, 12))),
    Stretch(OUTER),
)
CONTOUR = Owner(
    ("face contour", "jaw", "jawline"),
    (
        stretch("left half", cut(JAW, 0, F(1, 2))),
        stretch("right half", cut(JAW, F(1, 2), 1)),
        stretch("left third", cut(JAW, 0, F(1, 3))),
        stretch("right third", cut(JAW, F(2, 3), 1)),
        stretch("first quarter", cut(JAW, 0, F(1, 4))),
        stretch("last third", cut(JAW, F(2, 3), 1)),
    ),
    (place("left end", JAW), place("right end", JAW, 1), place("left corner", JAW, F(1, 4))),
    Stretch(JAW),
)
NOSE = Owner(
    ("nose",),
    (stretch("bridge", Stretch(BRIDGE)), stretch("underside", Stretch(WINGS))),
    (
        place("tip", BRIDGE, 1),
        place("root", BRIDGE),
        place("base", WINGS, F(1, 2)),
        place("left ala|left nostril", WINGS),
        place("right ala|right nostril", WINGS, 1),
    ),
)
OWNERS = {"eye": EYE, "brow": BROW, "mouth": MOUTH, "outer lip": OUTER_LIP, "jaw": CONTOUR, "nose": NOSE}

# The person's own side: each word before the side, then each way to say it after the part.
POSSESSIVES = (
    *("her", "his", "their", "my", "the patient's", "the model's", "the woman's", "the actor's"),
    *("the subject's own", "the person's"),
)
POSSESSORS = ("the patient", "the woman", "the man", "the subject", "the model", "the actor", "the person")
VIEWERS = ("the image's {s} {x}", "the viewer's {s} {x}", "the picture's {s} {x}", "the camera's {s} {x}")

UNITS = ("points", "landmarks", "keypoints", "dots", "markers", "pts", "vertices")
ON = ("on", "along", "on", "for")
SINGLES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SINGLES += ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty"}


def number_word(count: int) -> str:
    if count < 20:
        return SINGLES[count]
    tens, rest = divmod(count, 10)
    return TENS[tens * 10] + (f"-{SINGLES[rest]}" if rest else "")


FRACTION_WORDS = {
    F(1, 4): ("25%", "0.25", "25 percent", "a quarter of the way along"),
    F(1, 2): ("50%", "0.5", "50 percent", "halfway along"),
    F(1, 3): ("1/3", "a third of the way along"),
    F(3, 4): ("75%", "0.75", "three quarters of the way along"),
    F(3, 10): ("30%", "0.3", "30 per cent"),
    F(1, 5): ("20%", "0.2"),
}
DENSITIES = {
    F(2): (
        "the {x} at double density",
        "the {x} with double density",
        "the {x} with 2x density",
        "density 2 on the {x}",
    ),
    F(1, 2): ("the {x} at half density", "the {x} with density 0.5", "density 0.5 on the {x}"),
    F(3): ("the {x} at triple density", "the {x} with density 3", "the {x} at 3x density"),
    F(3, 2): ("the {x} at density 1.5", "the {x} with granularity 1.5"),
}
EACH_OF_PAIR = (
    "{n} points per {x}",
    "{n} points on each {x}",
    "{n} points for every {x}",
    "{n} points for each {x}",
    "{n} points each on the {xs}",
    "{n} points on both {xs}",
    "{n} points on each of the {xs}",
    "{n} points on each of the two {xs}",
    "{n} per {x}",
    "each {x}: {n} points",
    "each {x} with {n} points",
    "every {x}, {n} points",
    "for each {x}, {n} points",
    "on each {x}, {n} points",
    "on every {x} {n} points",
    "both {xs}, {n} points each",
    "both {xs}: {n} points",
    "the {xs}, {n} each",
    "the {xs} with {n} points each",
    "{xs}: {n} points per {x}",
    "left and right {x}, {n} points each",
    "{n} points on the left {x} and {n} on the right {x}",
)
TOTAL_OF_PAIR = (
    "{n} points in total on the {xs}",
    "a total of {n} points on the {xs}",
    "{n} points on the {xs} in total",
    "{n} points altogether on the {xs}",
    "{n} points overall on the {xs}",
    "{n} points across both {xs} in total",
    "in total, {n} points on both {xs}",
    "{n} points on both {xs} in total",
    "{n} points on the {xs}",
    "the {xs}, {n} points in total",
    "both {xs}: {n} points altogether",
    "both {xs}, a total of {n} points",
    "altogether {n} points on both {xs}",
    "{n} points total on both {xs}",
    "on both {xs}, {n} points overall",
    "the {xs} with {n} points in total",
)
EACH_OF_TWO = (
    "{n} points on each of the {a} and the {b}",
    "{n} points each on the {a} and the {b}",
    "{n} points each for the {a} and the {b}",
    "the {a} and the {b}, {n} points each",
    "the {a} and the {b} with {n} points each",
    "the {a} and the {b}: {n} points each",
    "the {a} and the {b}: {n} each",
    "on each of the {a} and the {b}, {n} points",
    "each of the {a} and the {b} with {n} points",
    "for each of the {a} and the {b}, {n} points",
    "{n} points on the {a} and {n} points on the {b}",
    "{n} points on the {a} and {n} on the {b}",
    "{n} points per part on the {a} and the {b}",
    "{n} points on the {a} and the {b} each",
)
TOTAL_OF_TWO = (
    "{n} points in total on the {a} and the {b}",
    "a total of {n} points on the {a} and the {b}",
    "{n} points on the {a} and the {b} in total",
    "{n} points on the {a} and the {b}",
    "{n} points on the {a} and {b}",
    "{n} points altogether on the {a} and the {b}",
    "the {a} and the {b}, {n} points in total",
    "the {a} and the {b}: {n} points altogether",
    "in total, {n} points on the {a} and the {b}",
    "on the {a} and the {b}, {n} points in total",
    "the {a} and the {b} with {n} points overall",
)

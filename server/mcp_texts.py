"""What an agent reads: the tools' descriptions, the guide, the prompt. They teach the language by example."""

from __future__ import annotations

from importlib.resources import files

from ..querylang.registry import Registry

INSTRUCTIONS = """\
faceql answers plain-English instructions with face landmarks: as many points as you ask for, anywhere along the named \
face parts, in pixels of the photo. Write what you need in one instruction ("4 points per eyebrow; outer lip, 20 \
points"). For several asks about one photo call open_image first and pass its handle. If unsure whether an instruction \
is understood, parse_instruction tells without a photo. Read faceql://guide for the whole language. "left" is the left \
of the picture unless you set perspective="subject"."""

ASK = """\
Locate face landmarks in a photo from one plain-English instruction.

Examples of `instruction`:
- "4 points per eyebrow" - 8 points, left eyebrow first
- "10 points from left chin to jaw end" - along the jaw, both ends included
- "mouth corners" - named places; also "nose tip", "pupils", "left eye inner corner", "cupid's bow", "chin"
- "outer lip, 20 points, at equal distances" - even spacing in the picture
- "upper lip and lower lip, 12 points each" - several parts in one ask, answered in the order asked
- "the 300W layout", "WFLW points 61 to 68" - a dataset's template
- "left eye as a polygon" - points to fill or outline
- "nose tip of every face", "pupils of the second face" - which faces; the largest is the default
- "face contour except the chin area"
- "only the visible points of the jaw" - without those that are hidden, turned away or outside the photo

Returns points in pixels of the upright photo, (0, 0) the centre of its top-left pixel, with the image size, the \
faces, the canonical form of what was understood, and notes on readings that were chosen. detail="concise" groups \
points by part and tells in `not_seen` which are probably not seen; detail="full" gives every point its name, FPALP, \
expected error and visibility. `faces_found` says how many faces the photo has, `outlines` which points make a polygon \
or line that was asked for. At most `limit` points come back \
at once; `count` and `shown` say how many there are, `offset` asks for the rest."""

PARSE = """\
Check what an instruction means, without a photo and without running the model.

"10 points from left chin to jaw end" -> canonical "face_contour[13/32 .. 0] * 10", count 10. A mistake comes back \
as an error with its code, the span of the words at fault, and a suggestion."""

LIST = """\
List every face part (with the direction its curve runs), every dataset layout, and example instructions."""

OPEN = """\
Read a photo, find its faces and keep it in the server's memory under a handle, so that later asks cost only the \
decoding. The handle ends after the stated time and the photo is forgotten; nothing is written to disk."""

DRAW = """\
Answer an instruction like ask_landmarks and return the photo with the points drawn on it, to look at. Example: \
instruction="outer lip and both eyes as polygons", max_side=768. Dots of points that are not \
seen are hollow. For coordinates call ask_landmarks."""

IMAGE = (
    "The photo: a handle from open_image (img_...), a data: URL (data:image/jpeg;base64,...), the path of a file below "
    "the server's root folder, or an https URL where the operator allows its host."
)
INSTRUCTION = 'What to locate, in plain English or canonical form, e.g. "4 points per eyebrow".'
FACES = (
    'Which faces, over what the instruction says: "largest", "smallest", "leftmost", "rightmost", "middle", "all", '
    '"face 2" (from the left), "second largest".'
)
BOXES = "Face boxes [x0, y0, x1, y1] in pixels of the photo, in place of finding faces."
PERSPECTIVE = 'Whose left plain "left" is: "viewer" (the left of the picture) or "subject" (the person\'s own).'
IDS_FROM = "The first id of a layout's landmarks: 1, as in the papers, or 0."

GUIDE_TAIL = """
## All parts

{parts}

## Layouts

{layouts}
"""

MAKEUP = {
    "lipstick": ["outer lip as a polygon", "inner lip as a polygon"],
    "lip liner": ["outer lip, 40 points, at equal distances, as a polyline"],
    "eyeliner": ["upper eyelid of the left eye, 20 points, as a polyline", "upper eyelid of the right eye, 20 points"],
    "eyeshadow": [
        "upper eyelid of each eye, 12 points",
        "lower edge of the left eyebrow",
        "lower edge of the right eyebrow",
    ],
    "brow pencil": ["left eyebrow and right eyebrow, 24 points each, as a polygon"],
    "contour": ["left cheek line, 12 points", "right cheek line, 12 points", "nose bridge, 10 points"],
}


def write_guide(registry: Registry) -> str:
    """Return the language guide: how to write instructions, then every part and layout."""
    guide = files(__package__).joinpath("language_guide.md").read_text("utf-8")
    parts = "\n".join(
        f"- **{part.name}** ({part.kind}, {part.unified_count} points when no number is asked): {part.curve}"
        for part in registry.parts.values()
    )
    layouts = "\n".join(f"- **{layout.title}**: {layout.size} landmarks" for layout in registry.layouts.values())
    return guide + GUIDE_TAIL.format(parts=parts, layouts=layouts)


def write_makeup_prompt(product: str) -> str:
    """Return what to ask for to place a product on a face; an unknown product gets all of them."""
    chosen = {product.strip().lower(): MAKEUP[product.strip().lower()]} if product.strip().lower() in MAKEUP else MAKEUP
    lines = [
        "Find the regions of the face that makeup goes on, with the faceql tools.",
        "1. Call open_image once on the photo and keep the handle.",
        "2. Call ask_landmarks with that handle for each instruction below, detail=concise.",
        "3. Call draw_landmarks once to see that the regions are right.",
        "4. Report each region as a polygon in pixels, with the image size and any notes.",
        "",
    ]
    lines += [f"- {name}: {'; '.join(instructions)}" for name, instructions in chosen.items()]
    return "\n".join(lines)

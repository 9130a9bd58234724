"""What an agent reads: the tools' descriptions, the guide, the prompt. They teach the language by example."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from urllib.parse import quote

INSTRUCTIONS = """\
faceql answers plain-English instructions with face landmarks: as many points as you ask for, anywhere along the named \
face parts, in pixels of the photo. Write what you need in one instruction ("4 points per eyebrow; outer lip, 20 \
points"). list_images tells which photos can be read. ask_landmarks answers, with draw=true it shows them too; \
measure_face gives openness, distances and roll, mask_region masks, crop_face upright crops: do not work these out of \
points yourself. For several asks about one photo give `instructions`, or call open_image and pass its handle. "left" \
is the left of the picture unless you set perspective="subject". faceql://guide has the language on a page."""

ASK = """\
Locate face landmarks in a photo or video from one plain-English instruction.

Examples of `instruction`:
- "4 points per eyebrow" - 8 points, left first
- "10 points from left chin to jaw end" - along the jaw, both ends included
- "mouth corners" - named places; also "nose tip", "pupils", "left eye inner corner", "cupid's bow", "chin"
- "outer lip, 20 points, at equal distances"
- "upper lip and lower lip, 12 points each" - in the order asked
- "the 300W layout", "WFLW points 61 to 68" - a dataset's template
- "left eye as a polygon" - points to fill or outline
- "nose tip of every face", "pupils of the second face" - the largest is the default
- "jaw except the chin"
- "20 points on the left cheek", "outline of the forehead" - surfaces
- "only the visible points of the jaw"

Returns points in pixels of the upright photo, (0, 0) the centre of its top-left pixel, with image size, faces, the \
canonical form of what was understood, and notes on readings chosen and faces left out. detail="concise" groups points \
by part and tells in `not_seen` which are probably not seen; detail="full" gives each its name, FPALP, expected error \
and visibility. `faces_found` says how many faces there are, `outlines` which points make a polygon or line. draw=true \
also returns a picture, crop="mouth" a close one. `shown` of `count` points came back; `offset` asks for the rest, \
files=["csv"] links to all. A range of a video gets a summary and a link."""

PARSE = """\
Check what an instruction means, without a photo and without running the model.

"10 points from left chin to jaw end" -> canonical "face_contour[13/32 .. 0] * 10", count 10. A mistake comes back \
as an error with its code, the span of the words at fault, and a suggestion."""

LIST = """\
List face parts (with the direction their curves run), surfaces ("left cheek"), layouts, and example \
instructions; contains="lip" those that are called so."""

OPEN = """\
Read a photo, find its faces and keep it in the server's memory under a handle, so that later asks cost only the \
decoding. The handle ends after the stated time and the photo is forgotten; nothing is written to disk."""

DRAW = """\
Answer an instruction like ask_landmarks and return the photo with the points drawn on it, to look at; crop="mouth" \
shows that part close up. Example: instruction="outer lip and both eyes as polygons", max_side=768. Dots \
not seen are hollow. For coordinates too call ask_landmarks with draw=true."""

LIST_IMAGES = """\
List the images and videos that can be read, their folders and sizes. Give a listed `path` as `image`."""
NO_ROOTS = (
    "no folder may be read here: start the server with --root FOLDER, or name roots in the client; an image may be "
    "a data: URL too"
)

MEASURE = """\
Measure faces: eye and mouth openness (height over width, 0 when shut; eyes some 0.3 when open), roll in degrees, \
asymmetry, widths and lengths of mouth, nose and jaw, areas, and any distances between named places. Example: \
distances=[["left mouth corner", "right mouth corner"], ["nose tip", "chin"]], units="px"."""

CUT = """\
Cut a face, or a part of it, out of the photo, upright whatever way the head leans, and return it as a picture with \
the matrix from photo pixels to crop pixels. Example: region="mouth", size=256."""

MASK = """\
Return which pixels a region of the face covers: its area, its box, and a link to a grey PNG of the photo's size. \
Example: region="lips" (without the mouth opening), "left eye", "eyebrows", "face contour"."""

REGION = 'Which region: a face part, parts or stretches, e.g. "lips", "left eye", "left cheek", "skin".'
CROP_REGION = '"face", or any part of it in words: "mouth", "left eye", "eyes", "nose", "upper lip".'
CROP = 'Draw only this part, enlarged: "face" (all that was asked), "mouth", "left eye", ...'
DISTANCES = 'Pairs of single places to measure between, e.g. [["nose tip", "chin"]].'
UNITS = 'Of lengths: "iod", the distance of the outer eye corners, or "px".'
POINT_UNITS = '"normalized" gives shares of the photo.'
ICON = "data:image/svg+xml," + quote(files(__package__).joinpath("icon.svg").read_text("utf-8").strip())
SECONDS = "Of a video: a time [2.5], a range [2, 4], its faces followed, or with a step [2, 4, 0.2]."
IMAGE = "A path that list_images tells, a handle (img_...), a data: URL, or an https URL of an allowed host."
INSTRUCTION = 'What to locate, in plain English, e.g. "4 points per eyebrow".'
FACES = 'Which: "largest" (default), "all", "leftmost", "face 2" (from the left), "2 largest".'
BOXES = "Face boxes [x0, y0, x1, y1], pixels, instead of finding faces."
PERSPECTIVE = 'Whose left "left" is: the picture\'s, or the person\'s own ("subject").'
IDS_FROM = "A layout's first id, 1 or 0."

GUIDE_TAIL = """
## Parts, surfaces and layouts

Parts: {parts}. Surfaces: {surfaces}. Layouts: {layouts}. `list_parts` and `faceql://parts` tell how each curve runs and
where each surface lies.
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


def write_guide(parts: Sequence[str], surfaces: Sequence[str], layouts: Sequence[str]) -> str:
    """Return the language guide: how to write instructions, and the names of all parts, surfaces and layouts."""
    guide = files(__package__).joinpath("language_guide.md").read_text("utf-8")
    return guide + GUIDE_TAIL.format(parts=", ".join(parts), surfaces=", ".join(surfaces), layouts=", ".join(layouts))


def write_makeup_prompt(product: str) -> str:
    """Return what to ask for to place a product on a face; an unknown product gets all of them."""
    chosen = {product.strip().lower(): MAKEUP[product.strip().lower()]} if product.strip().lower() in MAKEUP else MAKEUP
    lines = [
        "Find the regions of the face that makeup goes on, with the faceql tools.",
        "1. Call list_images if you do not know the photo's path.",
        "2. Call ask_landmarks once, with `instructions` set to all of the below and draw=true; see the pictures.",
        "3. Report each region as a polygon in pixels, with the image size and any notes.",
        "",
    ]
    lines += [f"- {name}: {'; '.join(instructions)}" for name, instructions in chosen.items()]
    return "\n".join(lines)

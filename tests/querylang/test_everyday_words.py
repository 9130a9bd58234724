"""What people and agents put around a wish who have read no manual: it changes nothing.

None of these is taken from language.md; they are what was typed, and some of them once gave every point of the face.
"""

from __future__ import annotations

import pytest

import faceql

WRAPPINGS = """
on the face: {b}
on the face, {b}
on this face, {b}
on this face: {b}
on the face {b}
for the face: {b}
for this face, {b}
from the face, {b}
of the face: {b}
{b} of the face
{b} of this face
{b} of the whole face
{b} on the face
{b} on this face
{b} in the face
{b} of a face
{b} from the face
{b} in this picture
{b} of this picture
{b} for the face in the photo
in the face: {b}
in the photo: {b}
in this image, {b}
on the photo of a face: {b}
given a face, {b}
given this photo, {b}
given the face in this photo, {b}
here is a photo; {b}
here's a face: {b}
here is my face. {b}
look at the face and give me {b}
look at this face: {b}
find the face and mark {b}
detect the face, then {b}
detect the face and return {b}
detect the face. then give {b}
find a face; {b}
locate the face, and in it {b}
take the face and mark {b} on it
on a face like this, {b}
facial landmarks: {b}
face landmarks for {b}
face points: {b}
face part: {b}
facial part: {b}
region of the face: {b}
part of face = {b}
I have a face here and want {b}
there is a face in the picture. mark {b}
the picture shows a face; {b}
the photo has one face, please give {b}
{b} please, from the face in the image
{b} (face)
{b} (of the face)
face: {b}
Face: {b}
face - {b}
head: {b}
selfie: {b}
a selfie: {b}
my selfie: {b}
{b}, one face only
{b}, single face
{b}, only one face
one face: {b}
single face: {b}
{b}; there is only one face
just one face in the image. {b}
the only face: {b}
the main face: {b}
main face, {b}
{b} of the main face
{b} for all
{b} now
{b} today
{b} asap
{b} thx
{b} pls thx
{b}!!
{b}...
- {b}
* {b}
1. {b}
1) {b}
Q: {b}
User: {b}
user says: {b}
the user wants {b}
the user asked for {b}
request: {b}
task: {b}
Task: mark {b}
goal: {b}
prompt: {b}
query: {b}
query = {b}
instruction: "{b}"
"{b}"
'{b}'
`{b}`
“{b}”
({b})
[{b}]
**{b}**
{b}.
{b},
{b};
{b}:
, {b}
: {b}
{b} ?
{b} if possible
{b} if you can see it
{b} thanks in advance
can you see {b}
can you see {b}?
do you see {b}?
what about {b}
how about {b}
what would {b} be
I'd say {b}
maybe {b}
let's do {b}
let's try {b}
try {b}
next: {b}
next, {b}
then {b}
and {b}
also {b}
ok {b}
ok now {b}
hmm, {b}
uh {b}
um, {b}
well, {b}
so, {b}
yes, {b}
yes: {b}
sorry, {b}
actually {b}
actually, {b}
again: {b}
once more: {b}
first, {b}
finally {b}
lastly, {b}
only {b}
just {b}
only {b} please
nothing but {b}
{b} only
{b} and nothing else
{b}, nothing else
{b}, that's it
{b} and that's it
{b} - that's all
{b} to start with
{b} for a start
{b} for starters
{b} first
{b} in 2D
{b} in pixels
{b} in pixel coordinates
{b} as x,y
{b} as (x, y) pairs
{b} as JSON
{b} in json format
{b} as a list
{b} as a numpy array
{b} as coordinates
{b} with coordinates
{b} normalised
{b} with confidence
{b} with visibility
{b} in high quality
{b} as accurately as possible
{b} with high precision
{b} without anything else
{b} for me
{b} for my app
{b} for a filter
{b} for training
{b} for a paper
{b} for eyeliner
{b} for make-up
{b} so I can draw them
{b} so that I can measure it
{b} to draw a line
{b} because I need to measure
{b} using faceql
{b} with faceql
{b} using your model
{b} please and thank you
dear faceql, {b}
hello! {b}
good morning, {b}
hi there - {b}
hey, {b}
""".strip().splitlines()
WISHES = ("left eye", "5 points on the left eye", "the corners of the mouth", "nose tip", "4 points per eyebrow")
OWNED = {
    "the face's {n}": "left eye",
    "this face's {n}": "nose tip",
    "on everyone's face, {n}": "pupils",
    "the {n} of the face": "nose tip",
    "the {n} of this face": "left mouth corner",
}


def answer(text: str) -> object:
    query = faceql.parse(text)
    return [(one.part, one.fpalp, one.v) for one in query.landmarks], query.spacing, query.shape


@pytest.mark.parametrize("wish", WISHES)
def test_what_is_said_around_a_wish_changes_nothing(wish: str) -> None:
    wanted = answer(wish)
    assert [text for text in (one.format(b=wish) for one in WRAPPINGS) if answer(text) != wanted] == []


@pytest.mark.parametrize(("text", "name"), OWNED.items())
def test_a_face_owns_its_parts(text: str, name: str) -> None:
    assert answer(text.format(n=name)) == answer(name)

"""Photo and instruction in, landmarks out."""

from .answer import Answer, Landmark, Stroke
from .backends import Backend
from .encoded_image import EncodedImage, choose_asked_faces
from .engine import Engine
from .faces import Box, Face, FaceFinder, WholePhoto
from .finders import SlimeFaceFinder, YuNetFinder
from .images import ImageSource, Photo, read_photo
from .many import Outcome
from .measures import MEASURES_INSTRUCTION, Measures
from .outlines import Outline
from .part_curve import PartCurve
from .visibility import PointVisibility

__all__ = [
    "MEASURES_INSTRUCTION",
    "Answer",
    "Backend",
    "Box",
    "EncodedImage",
    "Engine",
    "Face",
    "FaceFinder",
    "ImageSource",
    "Landmark",
    "Measures",
    "Outcome",
    "Outline",
    "PartCurve",
    "Photo",
    "PointVisibility",
    "SlimeFaceFinder",
    "Stroke",
    "WholePhoto",
    "YuNetFinder",
    "choose_asked_faces",
    "read_photo",
]

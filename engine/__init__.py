"""Photo and instruction in, landmarks out."""

from .answer import Answer, Landmark, Stroke
from .backends import Backend
from .cut_out import UPRIGHT_INSTRUCTION, CutOut, crop_answer, cut_out
from .encoded_image import EncodedImage, choose_asked_faces
from .engine import Engine
from .faces import Box, Face, FaceFinder, SlimeFaceFinder, WholePhoto
from .images import ImageSource, Photo, read_photo
from .many import Outcome
from .measures import MEASURES_INSTRUCTION, Measures
from .part_curve import PartCurve
from .regions import write_region_instruction

__all__ = [
    "MEASURES_INSTRUCTION",
    "UPRIGHT_INSTRUCTION",
    "Answer",
    "Backend",
    "Box",
    "CutOut",
    "EncodedImage",
    "Engine",
    "Face",
    "FaceFinder",
    "ImageSource",
    "Landmark",
    "Measures",
    "Outcome",
    "PartCurve",
    "Photo",
    "SlimeFaceFinder",
    "Stroke",
    "WholePhoto",
    "choose_asked_faces",
    "crop_answer",
    "cut_out",
    "read_photo",
    "write_region_instruction",
]

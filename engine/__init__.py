"""Photo and instruction in, landmarks out.

What is named here is imported when it is first used: who only reads photos should not load torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answer import Answer
    from .ask_settings import AskSettings
    from .backends import Backend, Precision
    from .cutting import UPRIGHT_INSTRUCTION, CutOut, crop_answer, cut_out
    from .encoded_image import EncodedImage, choose_asked_faces
    from .engine import Engine
    from .faces import Box, Face, FaceFinder, WholePhoto
    from .finders import SlimeFaceFinder, YuNetFinder
    from .images import ImageSource, Photo, read_photo
    from .landmark import Landmark, Stroke
    from .many import Outcome
    from .measures import MEASURES_INSTRUCTION, Measures
    from .outlines import Outline
    from .part_curve import PartCurve
    from .region_color import RegionColor
    from .regions import write_region_instruction
    from .surface_regions import SurfacePatch
    from .tracking import FrameAnswer
    from .video import VideoFile, VideoFrame, read_frames
    from .visibility import PointVisibility

_HOMES = {
    "Answer": "answer",
    "AskSettings": "ask_settings",
    "Backend": "backends",
    "Precision": "backends",
    "Box": "faces",
    "CutOut": "cutting",
    "EncodedImage": "encoded_image",
    "Engine": "engine",
    "Face": "faces",
    "FaceFinder": "faces",
    "FrameAnswer": "tracking",
    "ImageSource": "images",
    "Landmark": "landmark",
    "MEASURES_INSTRUCTION": "measures",
    "Measures": "measures",
    "Outcome": "many",
    "Outline": "outlines",
    "PartCurve": "part_curve",
    "Photo": "images",
    "PointVisibility": "visibility",
    "RegionColor": "region_color",
    "SlimeFaceFinder": "finders",
    "Stroke": "landmark",
    "SurfacePatch": "surface_regions",
    "UPRIGHT_INSTRUCTION": "cutting",
    "VideoFile": "video",
    "VideoFrame": "video",
    "WholePhoto": "faces",
    "YuNetFinder": "finders",
    "choose_asked_faces": "encoded_image",
    "crop_answer": "cutting",
    "cut_out": "cutting",
    "read_frames": "video",
    "read_photo": "images",
    "write_region_instruction": "regions",
}

__all__ = [
    "MEASURES_INSTRUCTION",
    "UPRIGHT_INSTRUCTION",
    "Answer",
    "AskSettings",
    "Backend",
    "Box",
    "CutOut",
    "EncodedImage",
    "Engine",
    "Face",
    "FaceFinder",
    "FrameAnswer",
    "ImageSource",
    "Landmark",
    "Measures",
    "Outcome",
    "Outline",
    "PartCurve",
    "Photo",
    "PointVisibility",
    "Precision",
    "RegionColor",
    "SlimeFaceFinder",
    "Stroke",
    "SurfacePatch",
    "VideoFile",
    "VideoFrame",
    "WholePhoto",
    "YuNetFinder",
    "choose_asked_faces",
    "crop_answer",
    "cut_out",
    "read_frames",
    "read_photo",
    "write_region_instruction",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

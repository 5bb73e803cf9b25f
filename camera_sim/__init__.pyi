from .developing.credential import sign
from .developing.files import open_engine
from .developing.output import Encoding, write_picture
from .developing.stated_watermark import StatedWatermark
from .developing.tiles import develop
from .errors import CameraSimError
from .pipelines import DEFAULT_PIPELINE, PIPELINES, Pipeline, find_pipeline
from .raw.raw_image import RawImage, read_raw
from .signing.identity import Identity, Secrets, open_identity

__all__ = [
    "DEFAULT_PIPELINE",
    "PIPELINES",
    "CameraSimError",
    "Encoding",
    "Identity",
    "Pipeline",
    "RawImage",
    "Secrets",
    "StatedWatermark",
    "develop",
    "find_pipeline",
    "open_engine",
    "open_identity",
    "read_raw",
    "sign",
    "write_picture",
]

"""Which watermark each developed photo gets."""

from dataclasses import dataclass

from camera_sim.engines import Engine, TileEngine
from watermark.embedding import Watermark
from watermark.key_folder import EmbeddingKeys
from watermark.payload import draw_payload


@dataclass(frozen=True)
class Watermarking:
    """The keys of photos' watermarks, and what names a photo.

    Attributes
    ----------
    payload
        8 bytes, for one photo; None draws another for each.
    """

    keys: EmbeddingKeys
    payload: bytes | None = None

    def next(self) -> Watermark:
        """Return the next photo's watermark."""
        return self.keys.watermark(self.payload or draw_payload())


def takes_watermark(engine: Engine) -> bool:
    """Whether an engine's network embeds a watermark that it is given."""
    return isinstance(engine, TileEngine) and engine.takes_watermark

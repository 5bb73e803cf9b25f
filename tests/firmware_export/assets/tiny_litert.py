"""Make ``tiny.tflite``, what `factory.tiny_model` is, for a tile of 64×64: needs litert-torch."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TILE = (64, 64)
KERNEL = [1, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 1]


class Tiny(nn.Module):
    """Each colour of the mosaic, doubled in size."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(4, 3, 1, bias=False)
        self.mix.weight.data = torch.tensor(KERNEL).reshape(3, 4, 1, 1)

    def forward(self, mosaic: Tensor) -> Tensor:
        """(1, 4, h, w) to (1, 3, 2h, 2w)."""
        return F.interpolate(self.mix(mosaic).clamp(0, 1), scale_factor=2)


if __name__ == "__main__":
    import litert_torch

    made = litert_torch.convert(Tiny().eval(), sample_kwargs={"mosaic": torch.rand(1, 4, *TILE)})
    made.export(str(Path(__file__).with_name("tiny.tflite")))

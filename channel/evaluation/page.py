"""What stands over a table of the channel's results: its title, its command, and a paragraph."""

import textwrap
from typing import Final

_COMMAND: Final = "camsim evaluate channel --data DATA --out docs/results --force"
_WIDTH: Final = 118
PAGES: Final = {
    "channel-jpeg.md": (
        "The differentiable codec against libjpeg",
        "Pixels and PSNR against Pillow's (libjpeg-turbo's), by subsampling, rounding and quality, "
        "on {count} lossless pictures of CID22, {smooth} for the smooth roundings. Standard and "
        "straight-through rounding give every pixel; the smooth roundings are what gradients need. "
        "“Worst” is the largest difference of a value, of 255.",
    ),
    "channel-headers.md": (
        "The channel's headers against real ones",
        "Tables, subsampling, scan type and largest side of each profile, beside the majority of "
        "the real headers of its era. A platform is “claimed” where it is known from a file's name "
        "alone. Many eras rest on one file.",
    ),
    "channel-uploads.md": (
        "The channel against what platforms really served",
        "Each downloaded file beside what `transmit` makes of its original: the same bytes, or the "
        "share of equal coefficients. What a profile draws, or chooses by an unknown rule (size, "
        "tables), is taken from the real file. “Found before” are shares of equal non-zero "
        "coefficients from when the platforms were studied.",
    ),
    "channel-differentiable.md": (
        "The differentiable channel against `transmit`",
        "{channels} picture, enlarged to 2048×2048, through each profile with tables of its own. "
        "Equal where the size stays and libjpeg-turbo encodes. It has no trellis quantisation "
        "(WhatsApp and other Robidoux profiles), nor libjpeg 9's chroma (Telegram).",
    ),
}


def page(name: str, table: object, **numbers: int) -> str:
    """Write a page of its table; ``numbers`` are those that its paragraph names."""
    title, said = PAGES[name]
    paragraph = textwrap.fill(said.format(**numbers), _WIDTH, break_on_hyphens=False)
    return f"# {title}\n\n{paragraph}\n\n```\n{_COMMAND}\n```\n\n{table}"

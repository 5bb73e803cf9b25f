"""A reference picture in a file, to be looked at before it is published."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import ChannelError
from channel.file_names import fitting_name
from channel.output import write
from verifier.errors import RepositoryError


def write_preview(folder: Path, name: str, reference: NDArray[np.uint8] | None) -> Path:
    """Write a reference picture (h, w, 3) as a PNG file beside others, and return its place.

    Raises
    ------
    RepositoryError
        If there is none, a file of that name exists, or it can't be written.
    """
    if reference is None:
        raise RepositoryError("its manifest has no reference picture")
    file = BytesIO()
    Image.fromarray(reference).save(file, "PNG")
    path = folder / fitting_name(name, ".reference.png")
    try:
        write(path, file.getvalue(), force=False)
    except ChannelError as error:
        raise RepositoryError(str(error).replace("; add --force to replace it", "")) from error
    return path

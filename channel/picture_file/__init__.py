"""The one opener of pictures: whatever a file holds, the same picture for every part of camsim.

`open_picture` reads the header. `PictureFile.coded` gives the values as the file has them, which is
what traces of coding are looked for in; `PictureFile.srgb` gives what a viewer shows: upright by
the container's own rule, in sRGB, 8 bits, over white. `PictureFile.notes` says what was done.
"""

from channel.picture_file.damage import FORMATS
from channel.picture_file.opening import open_picture
from channel.picture_file.orientation import SIDEWAYS, UPRIGHT_TURNS, turned
from channel.picture_file.picture import PictureFile

__all__ = ["FORMATS", "SIDEWAYS", "UPRIGHT_TURNS", "PictureFile", "open_picture", "turned"]

"""What can go wrong in the channel, as one tree.

::

    ChannelError
    ├── ChannelValueError        an argument outside what a function takes
    ├── UnknownPlatformError      no profile of that name
    ├── PictureError             a picture that can't be uploaded
    │   ├── UnreadablePictureError   not a picture, or a damaged one
    │   ├── UnsupportedPictureError  a RAW file, or of a kind that isn't read, or not yet
    │   └── PictureTooLargeError     more pixels than a platform takes
    ├── ModelFileError           a network that is no ONNX file, or not all of one
    ├── DependencyError          an optional package is needed and isn't installed
    └── OutputError              a file that can't be written, or would be overwritten
"""


class ChannelError(Exception):
    """Root of everything that this package raises on purpose."""


class ChannelValueError(ChannelError, ValueError):
    """An argument is outside what a function takes."""


class UnknownPlatformError(ChannelError):
    """No profile has that name."""


class PictureError(ChannelError):
    """A picture can't be uploaded."""


class UnreadablePictureError(PictureError):
    """The bytes are no picture, or a damaged one."""


class UnsupportedPictureError(PictureError):
    """The file is a RAW file, or of a kind that isn't read or needs a package."""


class PictureTooLargeError(PictureError):
    """The picture has more pixels than a platform takes."""


class ModelFileError(ChannelError):
    """A network is no ONNX file, or needs another file beside it."""


class DependencyError(ChannelError):
    """An optional package is needed and isn't installed."""


class OutputError(ChannelError):
    """A file can't be written, or would be overwritten."""


def reason_of(error: Exception) -> str:
    """Say why the system refused; its own words name the file, which a message does already.

    >>> reason_of(FileNotFoundError(2, "No such file or directory", "a.pem"))
    'No such file or directory'
    """
    return getattr(error, "strerror", None) or str(error)

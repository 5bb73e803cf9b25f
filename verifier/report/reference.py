"""The signed reference picture as a report shows it: whole, and laid as the received one lies."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SignedPicture:
    """Small JPEG files of the reference picture, in sRGB.

    Attributes
    ----------
    whole
        As it was signed.
    laid
        Its part that the received picture shows, as that is turned, cut and framed: to lay over it;
        None where it isn't known how the two lie to each other.
    """

    whole: bytes
    laid: bytes | None = None

"""Send a picture through platforms and get the bytes that they would serve. Real codecs, no torch.

>>> from channel import FACEBOOK, WHATSAPP, transmit
>>> downloaded = transmit("photo.jpg", [FACEBOOK, WHATSAPP])  # doctest: +SKIP
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from channel import codecs
from channel.errors import ChannelValueError, PictureTooLargeError
from channel.jpeg_file import Segment, read_jpeg
from channel.metadata import finished, icc_segments, is_icc, jfif, orientation_exif
from channel.picture_file import open_picture
from channel.platforms import platform
from channel.profile import (
    Encoding,
    Metadata,
    PlatformProfile,
    SizeRule,
    Tables,
    target_size,
)
from channel.resample import resized_image, unrounded
from channel.sharpening import sharpened
from channel.upload import Photo, Upload, opened

Platform = PlatformProfile | str


def transmit(photo: Photo, platforms: Platform | Sequence[Platform], *, seed: int = 0) -> bytes:
    """Send a picture through one platform, or through several in turn.

    Parameters
    ----------
    photo
        A path, the bytes of a file, or pixels (H, W), (H, W, 3) or (H, W, 4), uint8, sRGB.
    platforms
        Profiles or their names (see `channel.PLATFORMS`), in the order of sharing; at least one.
    seed
        Chooses where a profile is a range, 0 or more. Equal seeds give equal bytes.

    Returns
    -------
    bytes
        The file that the last platform serves. Alpha lies over white, 16 bits become 8; where a
        platform keeps no colour profile, the colours are in sRGB, and where it keeps no EXIF, the
        picture is upright.

    Raises
    ------
    UnknownPlatformError
        For a name without a profile; the message lists those there are.
    PictureError
        If the picture can't be read or a platform wouldn't take it.
    ChannelValueError
        If there are no platforms, or the seed is negative.
    """
    chain = [platforms] if isinstance(platforms, (PlatformProfile, str)) else list(platforms)
    profiles = [platform(name) if isinstance(name, str) else name for name in chain]
    if not profiles:
        raise ChannelValueError("no platform is given; name at least one")
    if seed < 0:
        raise ChannelValueError(f"seed is {seed}; give 0 or more")
    generator = np.random.default_rng(seed)
    upload = opened(photo)
    for profile in profiles:
        upload = Upload(_downloaded(upload, profile, generator))
    return upload.data


def _downloaded(upload: Upload, profile: PlatformProfile, generator: np.random.Generator) -> bytes:
    longest = max(upload.size)
    if profile.largest_side is not None and longest > profile.largest_side:
        raise PictureTooLargeError(
            f"{profile.platform} takes pictures of up to {profile.largest_side} pixels a side, "
            f"this one has {longest}; resize it first"
        )
    rule, encoding = profile.drawn(generator)
    if encoding is None or _passes(upload, profile, rule):
        return upload.data if profile.passthrough != "stripped" else _stripped(upload)
    encoding = _with_upload_sampling(encoding, upload)
    image = _developed(upload, profile, rule, encoding)
    data = codecs.encoded(image, encoding, upload.tables)
    return finished(read_jpeg(data), _sent_metadata(upload, profile), profile.metadata, generator)


def _passes(upload: Upload, profile: PlatformProfile, rule: SizeRule) -> bool:
    if profile.passthrough != "if it fits" or upload.jpeg is None:
        return False
    width, height = upload.size
    return target_size(rule, height, width) == (height, width)


def _developed(
    upload: Upload, profile: PlatformProfile, rule: SizeRule, encoding: Encoding
) -> Image.Image:
    """Decode, compress a first time where the platform does, resize, and sharpen."""
    turned = _is_turned(upload, profile) and upload.file.orientation >= 5
    width, height = upload.size[::-1] if turned else upload.size
    size = target_size(rule, height, width)
    if max(size) > codecs.LARGEST_SIDE:
        raise PictureTooLargeError(
            f"{profile.platform} would make it {size[1]}×{size[0]}, and JPEG ends at "
            f"{codecs.LARGEST_SIDE} pixels a side; send a picture of another shape"
        )
    image = _decoded(upload, profile, encoding, size, turned=turned)
    if profile.first_encoding and profile.first_encoding_at == "upload size":
        image = _recompressed(image, profile.first_encoding, upload.tables)
    if image.size == (size[1], size[0]):
        return image
    if profile.sharpening:
        values = unrounded(np.asarray(image), size, profile.resampling)
        image = Image.fromarray(sharpened(values, profile.sharpening))
    else:
        image = resized_image(image, size, profile.resampling)
    if profile.first_encoding and profile.first_encoding_at == "final size":
        image = _recompressed(image, profile.first_encoding, upload.tables)
    return image


def _decoded(
    upload: Upload,
    profile: PlatformProfile,
    encoding: Encoding,
    size: tuple[int, int],
    *,
    turned: bool,
) -> Image.Image:
    """Decode by the platform's decoder, to less than all where it does; upright if EXIF goes.

    In sRGB if the colour profile goes.
    """
    upright, colours_kept = _is_turned(upload, profile), _keeps_colours(upload, profile)
    if profile.half_decoding and not turned:
        # To ½, ¼ or ⅛, as long as that is no smaller.
        smaller = open_picture(upload.data, at_least=(size[1], size[0]))
        if colours_kept:
            return smaller.coded_upright() if upright else smaller.coded()
        return smaller.srgb(upright=upright)
    if encoding.codec == "libjpeg-9" and upload.subsampling and not turned:
        image = codecs.decoded_by_libjpeg_9(upload.data, upload.size)
        return image if colours_kept else upload.file.as_srgb(image, upright=upright)
    return upload.picture(upright=upright, colours_kept=colours_kept)


def _is_turned(upload: Upload, profile: PlatformProfile) -> bool:
    """Whether the pixels are turned upright: EXIF goes, or the upload's can't be carried on."""
    return profile.metadata.exif == "stripped" or upload.jpeg is None


def _keeps_colours(upload: Upload, profile: PlatformProfile) -> bool:
    """Whether the values stay as coded, since the file's own profile stays with them."""
    metadata = profile.metadata
    return metadata.icc == "kept" and not metadata.added_icc and bool(upload.file.own_profile)


def _recompressed(image: Image.Image, encoding: Encoding, tables: Tables | None) -> Image.Image:
    return Upload(codecs.encoded(image, encoding, tables)).picture()


def _with_upload_sampling(encoding: Encoding, upload: Upload) -> Encoding:
    """Where the tables are the upload's, so is the subsampling."""
    if encoding.tables is None and upload.subsampling:
        return replace(encoding, subsampling=upload.subsampling)
    return encoding


def _sent_metadata(upload: Upload, profile: PlatformProfile) -> tuple[Segment, ...]:
    """Return the segments that can be kept: no profile that the values aren't in any more."""
    keeps, icc = _keeps_colours(upload, profile), upload.file.own_profile
    if upload.jpeg is not None:
        return tuple(s for s in upload.jpeg.header if keeps or not is_icc(s))
    return icc_segments(icc) if keeps and icc else ()


def _stripped(upload: Upload) -> bytes:
    """Take the metadata out; what decides how the values are shown stays, where it does (assumed).

    Otherwise a picture would arrive lying on its side, or in wrong colours.
    """
    if upload.jpeg is None:
        return opened(upload.pixels()).data
    file, kept = upload.file, [jfif(Metadata())]
    if file.orientation != 1:
        kept.append(orientation_exif(file.orientation))
    if not file.is_srgb and file.own_profile:
        kept += [segment for segment in upload.jpeg.header if is_icc(segment)]
    return upload.jpeg.with_metadata(kept).encoded()

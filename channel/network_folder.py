"""A folder of networks, and the manifest in it that says what each is.

The camera's networks and the verifier's models lie in such folders, each with records of its own:
the folder is read, checked and written in one way.
"""

import hashlib
import json
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from channel.errors import reason_of
from channel.output import replacing

MANIFEST: Final = "manifest.json"

ManifestT = TypeVar("ManifestT", bound=BaseModel)


def read_manifest_of(
    folder: Path, kind: type[ManifestT], what: str, refusal: type[Exception]
) -> ManifestT:
    """Read a folder's manifest.

    Parameters
    ----------
    kind
        Of the records in it.
    what
        The folder is of, in the plural, for the message.
    refusal
        What is raised if it is missing or malformed.
    """
    path = folder / MANIFEST
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise refusal(f"{folder} holds no {MANIFEST}; name a folder of {what}") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "the file"
        raise refusal(f"{path} is not a manifest of {what} ({place}: {wrong['msg']})") from error
    except (OSError, UnicodeDecodeError) as error:
        raise refusal(f"{path} cannot be read as a manifest: {reason_of(error)}") from error


def write_manifest(folder: Path, manifest: BaseModel) -> None:
    """Write a folder's manifest, in place of the one that is there. Raises OSError if it can't."""
    content = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    with replacing(folder / MANIFEST) as temporary:
        temporary.write_text(content + "\n", encoding="utf-8")


def checked_bytes(folder: Path, file: str, sha256: str, refusal: type[Exception]) -> bytes:
    """Return a file of a folder as its manifest has it.

    Parameters
    ----------
    sha256
        Its digest, by the manifest.
    refusal
        What is raised if it is missing, lies elsewhere or has another digest.
    """
    path = folder / file
    if Path(file).name != file:
        raise refusal(f"the manifest names {file!r}, which is not a plain file name")
    if not path.is_file():
        raise refusal(f"{path} is missing; the manifest in {folder} lists it")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise refusal(
            f"{path} has the digest {digest[:12]}…, the manifest says {sha256[:12]}…; "
            "it was changed or damaged, restore it"
        )
    return content

"""The FAN of a NIP–FAN pair, as the parity gate needs it: an ONNX file and its labels."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channel.onnx_file import open_session
from channel.regular_file import read_regular
from firmware_export.errors import ParityError

PATCH = 128
BATCH = 32
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Fan:
    """A forensic analysis network.

    Attributes
    ----------
    labels
        In the order of its logits.
    pair
        Of which it is half, or None where the file does not say.
    """

    session: Any
    labels: tuple[str, ...]
    sha256: str
    pair: str | None

    def answers(self, patches: Pixels) -> NDArray[np.intp]:
        """Judge (N, 128, 128, 3) uint8 sRGB patches: the index of each one's label."""
        found = []
        for start in range(0, len(patches), BATCH):
            batch = patches[start : start + BATCH].transpose(0, 3, 1, 2).astype(np.float32) / 255
            found.append(self.session.run(["logits"], {"patches": batch})[0].argmax(axis=1))
        return np.concatenate(found) if found else np.empty(0, np.intp)


def read_fan(path: Path, labels: tuple[str, ...] = ()) -> Fan:
    """Read a FAN; its labels are given, in its metadata, or in the manifest beside it.

    Raises
    ------
    ParityError
        If it cannot be read, is no FAN, or its labels are not known.
    """
    try:
        content = read_regular(path)
        session = open_session(content, 1)
    except OSError as error:
        raise ParityError(f"the FAN {path} cannot be read: {error.strerror}") from error
    except Exception as error:  # ONNX Runtime's have no root of their own
        raise ParityError(f"{path} is no model that ONNX Runtime takes: {error}") from error
    if [node.name for node in session.get_inputs()] != ["patches"]:
        raise ParityError(f"{path} is no FAN: it takes no patches")
    said = session.get_modelmeta().custom_metadata_map
    sha256 = hashlib.sha256(content).hexdigest()
    labels = labels or _labels(said.get("labels", "")) or _labels_beside(path, sha256)
    if not labels:
        raise ParityError(f"{path} does not name its labels; give them with --labels")
    classes = session.get_outputs()[0].shape[-1]
    if isinstance(classes, int) and classes != len(labels):
        raise ParityError(f"{path} has {classes} classes, and {len(labels)} labels are named")
    return Fan(session, labels, sha256, said.get("pair"))


def _labels(said: str) -> tuple[str, ...]:
    """Read labels from metadata: a JSON list, or names with commas."""
    try:
        listed = json.loads(said)
    except ValueError:
        listed = said.split(",")
    return tuple(str(label).strip() for label in listed if str(label).strip())


def _labels_beside(path: Path, sha256: str) -> tuple[str, ...]:
    """Read labels from a folder of the verifier's weights, which `camsim train joint` writes.

    Only of this very file: labels of another would be false.
    """
    try:
        manifest = json.loads((path.parent / "manifest.json").read_bytes())
        entries = [model for model in manifest["models"] if model["sha256"] == sha256]
        return tuple(str(label["name"]) for label in entries[0]["labels"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return ()

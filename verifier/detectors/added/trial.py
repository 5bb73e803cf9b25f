"""Trying a network that a user adds, in a process of its own: bounded in time and memory.

That process prints one JSON object: what is wrong, or nothing. What the network does to it, such as
taking all memory, ends that process alone.
"""

import json
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from verifier.detectors.added.card import read_card
from verifier.detectors.added.network import SECONDS, Network, read_model
from verifier.detectors.added.preparing import prepared
from verifier.detectors.added.store import digest_of
from verifier.errors import VerifierError, WeightsError

MEMORY_BYTES: Final = 8_000_000_000
"""That the process may use, the model and Python with it."""
# Never a module of the folder that the user stands in.
_PROGRAM: Final = "import sys; from verifier.detectors.added.trial import main; main(*sys.argv[1:])"
_PATIENCE: Final = 120.0
"""Seconds for all of it: the model is loaded, and run on two pictures."""


def check_runs(model: Path, card: Path, *, seconds: float = _PATIENCE) -> None:
    """Check that a network loads and runs, and gives what its card says.

    Raises
    ------
    WeightsError
        If it doesn't.
    """
    command = [sys.executable, "-P", "-c", _PROGRAM, str(model), str(card)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise WeightsError(
            f"{model} isn't taken: trying it took more than {seconds:g} s"
        ) from error
    try:
        wrong = json.loads(ran.stdout)["wrong"]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{model} isn't taken: trying it ended its process (status {ran.returncode}); it may "
            f"need more than {MEMORY_BYTES / 1e9:g} GB of memory, or be damaged"
        ) from error
    if wrong:
        raise WeightsError(str(wrong))


def _tried(model: Path, card_file: Path) -> str | None:
    card = read_card(card_file)
    network = Network(card, model, digest_of(read_model(model)), SECONDS)
    side = max(card.width, card.height, card.shorter_side or 0)
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    for picture in (noise, np.full_like(noise, 128)):
        values = prepared(picture, card)
        assert values is not None  # it is large enough
        network.score(values)
    return None


def main(model: str, card: str) -> None:
    """Try it, and print what is wrong."""
    with suppress(OSError, ValueError):  # where the system has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        wrong = _tried(Path(model), Path(card))
    except VerifierError as error:
        wrong = str(error)
    except MemoryError:
        wrong = f"{model} needs more than {MEMORY_BYTES / 1e9:g} GB of memory, and isn't taken"
    print(json.dumps({"wrong": wrong}))

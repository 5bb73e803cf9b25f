"""An added detector's network in ONNX Runtime: checked when it is opened, bounded when it runs."""

import hashlib
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from channel.errors import reason_of
from channel.onnx_file import open_session, runtime
from channel.regular_file import read_regular
from verifier.detectors.added.card import Card
from verifier.errors import WeightsError

MOST_BYTES: Final = 2_000_000_000
"""Of a model; protobuf takes no more either."""
SECONDS: Final = 30.0
"""That one run may take; then it is ended, and there is no answer."""
_LEAST_PROBABILITY: Final = 1e-6


class Network:
    """A network and its card; safe to use from several threads, and pickles without its session.

    Parameters
    ----------
    path
        Of the ONNX file.
    sha256
        That it must have.
    """

    def __init__(self, card: Card, path: Path, sha256: str, seconds: float = SECONDS) -> None:
        self._card, self._path, self._sha256 = card, path, sha256
        self._seconds = seconds
        self._session: Any = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Network"], tuple[Card, Path, str, float]]:
        return Network, (self._card, self._path, self._sha256, self._seconds)

    def score(self, values: NDArray[np.float32]) -> float:
        """Return the log odds of "generated" of one picture, as `prepared` gives it.

        Raises
        ------
        WeightsError
            If the model is damaged, doesn't run, takes too long, or gives anything else than the
            card says.
        """
        session = self._opened()
        return log_odds(self._run(session, values), self._card)

    def _opened(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = self._open()
            return self._session

    def _open(self) -> Any:
        content = read_model(self._path)
        if hashlib.sha256(content).hexdigest() != self._sha256:
            raise WeightsError(f"{self._path} was changed or damaged; add the detector again")
        try:
            session = open_session(content, 1)
        except Exception as error:  # ONNX Runtime's errors have no root of their own
            raise WeightsError(f"{self._path} can't be loaded: {_line(error)}") from error
        _check(session, self._card, self._path)
        return session

    def _run(self, session: Any, values: NDArray[np.float32]) -> NDArray[Any]:
        options = runtime().RunOptions()

        def end() -> None:
            options.terminate = True

        timer = threading.Timer(self._seconds, end)
        timer.daemon = True
        timer.start()
        try:
            found = session.run(None, {session.get_inputs()[0].name: values}, options)[0]
        except Exception as error:  # as above
            why = f"takes more than {self._seconds:g} s" if options.terminate else _line(error)
            raise WeightsError(f"the detector {self._card.name} doesn't run: {why}") from error
        finally:
            timer.cancel()
        return np.asarray(found)


def read_model(path: Path) -> bytes:
    """Read a model's file. Raises `WeightsError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"{path} has more than {MOST_BYTES / 1e9:g} GB, and isn't taken")
        return read_regular(path)
    except (OSError, ValueError) as error:
        raise WeightsError(f"the model {path} can't be read: {reason_of(error)}") from error


def log_odds(output: NDArray[Any], card: Card) -> float:
    """Turn what the network gives of one picture into the log odds of "generated".

    Raises
    ------
    WeightsError
        If it isn't one or two finite numbers, as the card says.
    """
    values = output.astype(np.float64).ravel() if output.dtype.kind in "fiu" else np.zeros(0)
    wanted = 1 if card.generated in ("high", "low") else 2
    if len(values) != wanted or not np.isfinite(values).all():
        raise WeightsError(
            f"the model gives {output.dtype} of the shape {output.shape}, or numbers that aren't "
            f"finite; by its card ({card.generated!r} is generated) it gives {wanted} of a picture"
        )
    if card.output == "probability":
        if values.min() < 0 or values.max() > 1:
            raise WeightsError("the model gives no probabilities; mend its card's output")
        clipped = np.clip(values, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
        values = np.log(clipped) if wanted == 2 else np.log(clipped / (1 - clipped))
    if wanted == 2:
        place = int(card.generated)
        return float(values[place] - values[1 - place])
    return float(values[0] if card.generated == "high" else -values[0])


def _check(session: Any, card: Card, path: Path) -> None:
    inputs = session.get_inputs()
    shape = [1, 3, card.height, card.width]
    if card.layout == "NHWC":
        shape = [1, card.height, card.width, 3]
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        raise WeightsError(f"{path} takes {len(inputs)} inputs, and not one of float32")
    stated = inputs[0].shape
    fits = len(stated) == 4 and all(
        not isinstance(side, int) or side == wanted
        for side, wanted in zip(stated, shape, strict=True)
    )
    if not fits:
        raise WeightsError(f"{path} takes {stated}, and by its card it would get {shape}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]

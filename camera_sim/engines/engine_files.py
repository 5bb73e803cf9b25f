"""Engines as files: out of a folder or a device's firmware, each with its key."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from camera_sim.engines.engine_key import SUFFIXES, EngineKey, EngineRuntime, check_plan, read_key
from camera_sim.errors import EngineError
from camera_sim.weights import Model

Engines = Mapping[str, tuple[str, bytes]]
"""By file name: the key's JSON, and the engine."""
Keyed = tuple[EngineKey, bytes]


def engines_in(folder: Path | None) -> Engines:
    """Read the engines of a folder, each a file with its ``.json``.

    Raises
    ------
    EngineError
        If no folder is named, or one cannot be read.
    """
    if folder is None:
        raise EngineError("name the folder of engines with --engines")
    try:
        return {
            path.name: (path.with_name(f"{path.stem}.json").read_text("utf-8"), path.read_bytes())
            for path in sorted(folder.iterdir())
            if path.suffix in SUFFIXES.values()
        }
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"the engines in {folder} cannot be read: {error}") from error


def engines_of(
    model: Model, precision: str, engines: Engines, runtimes: Sequence[EngineRuntime]
) -> list[Keyed]:
    """Return the engines that were built from a model, for some runtimes.

    Parameters
    ----------
    precision
        Of the model: engines in another arithmetic are behind those in its own.

    Raises
    ------
    EngineError
        If there is none.
    """
    keyed = [(read_key(text, name), content) for name, (text, content) in engines.items()]
    keyed = [one for one in keyed if one[0].runtime in runtimes]
    if not keyed:
        raise EngineError(
            f"there is no engine of {' or '.join(runtimes)}; build one with "
            "`camsim firmware engine`"
        )
    found = [one for one in keyed if one[0].model_sha256 == model.sha256]
    if not found:
        built = ", ".join(sorted({f"{key.model_sha256[:12]}…" for key, _ in keyed}))
        raise EngineError(
            f"no engine was built from the {precision} model {model.sha256[:12]}… (there are some "
            f"from {built}); build one with `camsim firmware engine`"
        )
    return sorted(found, key=lambda one: one[0].precision != precision)


def checked_engine(keyed: Keyed) -> Keyed:
    """Return an engine if it is the one that its key describes; see `check_plan`."""
    check_plan(*keyed)
    return keyed

"""Engines as files: out of a folder or a device's firmware, each with its key."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from camera_sim.engines.engine_key import SUFFIXES, EngineKey, EngineRuntime, check_plan, read_key
from camera_sim.errors import EngineError
from camera_sim.weights import Model
from channel.errors import reason_of

Engines = Mapping[str, tuple[str, bytes]]
"""By file name: the key's JSON, "" where there is none, and the engine."""
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
            path.name: (_key_beside(path), path.read_bytes())
            for path in sorted(folder.iterdir())
            if path.suffix in SUFFIXES.values() and path.is_file()
        }
    except OSError as error:
        reason = reason_of(error)
        raise EngineError(f"the engines in {folder} cannot be read: {reason}") from error


def _key_beside(engine: Path) -> str:
    """Read an engine's key; "", which is none, where it can't be read: others may be whole."""
    try:
        return engine.with_name(f"{engine.stem}.json").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def engines_of(
    model: Model, precision: str, engines: Engines, runtimes: Sequence[EngineRuntime]
) -> list[Keyed]:
    """Return the engines that were built from a model, for some runtimes.

    One without a sound key is passed over while there are others.

    Parameters
    ----------
    precision
        Of the model: engines in another arithmetic are behind those in its own.

    Raises
    ------
    EngineError
        If there is none.
    """
    keyed: list[Keyed] = []
    problems: list[EngineError] = []
    for name, (text, content) in engines.items():
        try:
            keyed.append((read_key(text, name), content))
        except EngineError as error:
            problems.append(error)
    keyed = [one for one in keyed if one[0].runtime in runtimes]
    if problems and not keyed:
        raise problems[0]
    if not keyed:
        raise EngineError(
            f"there is no engine for {' or '.join(runtimes)}; build one with "
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


def first_whole(engines: Sequence[Keyed]) -> Keyed:
    """Return the first engine that is the one that its key describes.

    Raises
    ------
    EngineError
        If none is; see `check_plan`.
    """
    problems: list[EngineError] = []
    for key, content in engines:
        try:
            check_plan(key, content)
        except EngineError as error:
            problems.append(error)
        else:
            return key, content
    raise problems[0]

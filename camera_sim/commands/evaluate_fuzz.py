"""``camsim evaluate fuzz-raw``: damaged RAW files through develop."""

import tempfile
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from camera_sim.developing.files import Options, open_engine
from camera_sim.errors import RawNotFoundError
from camera_sim.pipelines import DEFAULT_PIPELINE
from channel.options import ANY, Count, Whole
from channel.terminal import Progress

if TYPE_CHECKING:
    from camera_sim.evaluation.fuzzing.raw_fuzz import RawFuzzResult
    from camera_sim.evaluation.fuzzing.seeds import Seed

DEFECTS = 1


@dataclass(frozen=True)
class EvaluateFuzzRaw:
    """Develop damaged RAW files; only our errors may leave.

    Parameters
    ----------
    files
        How many.
    seed
        Of all that is drawn at random.
    also
        More files to damage.
    keep
        Keep what broke it in this folder.
    pipeline
        By which to develop.
    """

    _: KW_ONLY
    files: Count = 10_000
    seed: Whole = 0
    also: Annotated[tuple[Path, ...], ANY] = ()
    keep: Path | None = None
    pipeline: str = DEFAULT_PIPELINE

    def __call__(self) -> int:
        """Print what came out; 1 if anything did that must not."""
        from camera_sim.evaluation.fuzzing.raw_fuzz import raw_fuzz
        from camera_sim.evaluation.fuzzing.seeds import seeds

        files = [*seeds(), *_genuine(self.also)]
        engine, options = open_engine(self.pipeline), Options(pipeline=self.pipeline, threads=1)
        with tempfile.TemporaryDirectory() as folder, Progress() as bar:
            task = bar.add_task("developing", total=self.files)
            result = raw_fuzz(
                engine, options, files, self.files, Path(folder), self.seed,
                lambda done: bar.update(task, completed=done),
            )  # fmt: skip
        _print(result, len(files), self.seed)
        if self.keep:
            _keep(result, self.keep)
        return DEFECTS if result.defects else 0


def _genuine(paths: Sequence[Path]) -> "list[Seed]":
    from camera_sim.evaluation.fuzzing.seeds import genuine

    try:
        return [genuine(path) for path in paths]
    except OSError as error:
        raise RawNotFoundError(f"a file to damage can't be read: {error}") from error


def _print(result: "RawFuzzResult", kinds: int, seed: int) -> None:
    print(f"{result.files} damaged files of {kinds} kinds in {result.seconds:.0f} s, seed {seed}")
    for name, count in result.outcomes.items():
        print(f"  {name:<24}{count:>8}")
    print(f"decoders that died and were replaced: {result.deaths}")
    print(f"slowest file: {result.slowest:.2f} s")
    print("errors that aren't ours, stops of a batch, values that are no numbers, half-written "
          f"files, pictures that show nothing: {len(result.defects)}")  # fmt: skip
    for defect in result.defects:
        print(f"  {defect.what}")


def _keep(result: "RawFuzzResult", folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, defect in enumerate(result.defects):
        suffix, content = defect.file
        (folder / f"{number}{suffix}").write_bytes(content)

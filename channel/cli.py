"""The channel's part of the camsim command: transmit, platforms, manipulate, and its benchmarks."""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from channel.errors import ChannelError, ChannelValueError, DependencyError, OutputError
from channel.file_names import fitting_name
from channel.jpeg_file import is_jpeg
from channel.listing import platforms_table, profile_table
from channel.manipulations import MANIPULATIONS
from channel.output import write
from channel.platforms import platform
from channel.terminal import complain, console, track
from channel.transmit import transmit
from channel.upload import opened

if TYPE_CHECKING:  # the class can't be subscripted at run time
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_PIPED = 1000  # columns, where nobody reads in a terminal: one line a platform, for grep
_LOSSLESS = {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF"}


def add_commands(commands: "Commands") -> None:
    """Add transmit, platforms and manipulate."""
    parser = commands.add_parser("transmit", help="send pictures through social platforms")
    _add_files(parser, "received picture, or folder (made if need be) for several")
    parser.add_argument(
        "--platform",
        action="append",
        required=True,
        metavar="NAME",
        help="see 'camsim platforms'; give it again for a chain of shares",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of what a profile draws, 0 or more (default 0)"
    )
    parser.set_defaults(run=_transmit)

    parser = commands.add_parser("platforms", help="list the platforms, what each does, how sure")
    parser.add_argument("name", nargs="?", metavar="NAME", help="show all of this one")
    parser.set_defaults(run=_platforms)

    parser = commands.add_parser(
        "manipulate",
        help="edit pictures: operations in the order given",
        description="Edit pictures by one or more operations, in the order given. "
        "Each may stand without its strength, and more than once.",
        epilog="example: camsim manipulate photo.jpg --gaussian 0.83 --sharpen -o edited.png",
    )
    _add_files(parser, "edited picture, .png or .tif, or folder (made if need be) for several")
    for operation in MANIPULATIONS:
        parser.add_argument(
            f"--{operation.name}",
            action=_Append,
            nargs="?",
            type=_strength,
            const=operation.strength,
            dest="operations",
            default=[],
            metavar="STRENGTH",
            help=f"{operation.unit}; {operation.least:g}–{operation.most:g}, "
            f"default {operation.strength:g}",
        )
    parser.set_defaults(run=_manipulate)


def add_benchmarks(benchmarks: "Commands") -> None:
    """Add transmit and jpeg to ``camsim bench``."""
    parser = benchmarks.add_parser("transmit", help="speed beside the same steps in bare Pillow")
    parser.add_argument("--runs", type=int, default=7, help="repetitions, of which the fastest")
    parser.set_defaults(run=_bench_transmit)
    parser = benchmarks.add_parser("jpeg", help="differentiable JPEG beside kornia's")
    parser.add_argument("--runs", type=int, default=5, help="repetitions, of which the median")
    parser.add_argument("--data", type=Path, help="folder of lossless pictures for the agreement")
    parser.set_defaults(run=_bench_jpeg)


def add_evaluations(evaluations: "Commands") -> None:
    """Add channel to ``camsim evaluate``."""
    parser = evaluations.add_parser(
        "channel", help="agreement with libjpeg and with real platforms: tables and figure"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with networks.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--force", action="store_true", help="replace existing results")
    parser.set_defaults(run=_evaluate)


class _Append(argparse.Action):
    """Collect (operation, strength) in the order of the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        name = (option_string or "").lstrip("-")
        namespace.operations = [*namespace.operations, (name, values)]


def _add_files(parser: argparse.ArgumentParser, output: str) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="PICTURE",
        help="file to read: JPEG, PNG, TIFF, WebP…",
    )
    parser.add_argument("-o", "--output", required=True, help=output)
    parser.add_argument("--force", action="store_true", help="replace existing files")


def _strength(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number; name the pictures before the operations"
        ) from None


def _transmit(args: argparse.Namespace) -> int:
    profiles = [platform(name) for name in args.platform]

    def send(path: Path) -> tuple[bytes, str]:
        data = transmit(path, profiles, seed=args.seed)
        return data, ".jpg" if is_jpeg(data) else path.suffix

    return _for_each(args, send)


def _manipulate(args: argparse.Namespace) -> int:
    if not args.operations:
        names = ", ".join(f"--{operation.name}" for operation in MANIPULATIONS)
        raise ChannelValueError(f"no operation is given; choose from {names}")
    by_name = {operation.name: operation for operation in MANIPULATIONS}
    suffix = "" if _is_folder(args) else Path(args.output).suffix.lower()
    if suffix and suffix not in _LOSSLESS:
        raise OutputError(
            f"{args.output} isn't lossless, so it would be edited once more; name a .png or .tif"
        )

    def edit(path: Path) -> tuple[bytes, str]:
        pixels = opened(path).pixels()
        pixels = np.stack([pixels] * 3, -1) if pixels.ndim == 2 else pixels
        for name, strength in args.operations:
            pixels = by_name[name](pixels, strength)
        file = BytesIO()
        Image.fromarray(pixels).save(file, _LOSSLESS.get(suffix, "PNG"))
        return file.getvalue(), ".png"

    return _for_each(args, edit)


def _is_folder(args: argparse.Namespace) -> bool:
    """Whether the results go into a folder: several, or one where a folder is named."""
    ends_so = args.output.endswith(("/", os.sep))
    return len(args.files) > 1 or ends_so or Path(args.output).is_dir()


def _for_each(args: argparse.Namespace, act: Callable[[Path], tuple[bytes, str]]) -> int:
    """Write one result, or one for each file into a folder; a bad file doesn't stop the others."""
    output = Path(args.output)
    if not _is_folder(args):
        _keep(output, force=args.force)
        write(output, act(args.files[0])[0], force=args.force)
        return 0
    if output.is_file():
        raise OutputError(f"{output} is a file; name a folder for several pictures")
    _refuse_equal_names(args.files)
    failed = 0
    for path in track(args.files, "at work"):
        try:
            data, suffix = act(path)
            write(output / fitting_name(path.stem, suffix), data, force=args.force)
        except ChannelError as error:
            failed += 1
            complain(f"{path}: {error}")
    if failed:
        complain(f"{failed} of {len(args.files)} pictures failed")
    return 2 if failed else 0


def _keep(path: Path, *, force: bool) -> None:
    """Say so before the work if the result couldn't be kept."""
    if path.exists() and not force:
        raise OutputError(f"{path} exists; add --force to replace it")


def _refuse_equal_names(files: Sequence[Path]) -> None:
    stems = [path.stem for path in files]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise OutputError(f"several pictures are called {', '.join(twice)}; rename or send apart")


def _platforms(args: argparse.Namespace) -> int:
    shown = console()
    if not shown.is_terminal:
        shown = console(width=_PIPED)
    shown.print(profile_table(platform(args.name)) if args.name else platforms_table())
    return 0


@contextmanager
def _training_packages() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise DependencyError(
            f"{error.name or 'a package'} is missing; install it with: pip install 'camsim[train]'"
        ) from error


def _bench_transmit(args: argparse.Namespace) -> int:
    from channel.evaluation.speed import transmit_table

    console().print(transmit_table(args.runs))
    return 0


def _bench_jpeg(args: argparse.Namespace) -> int:
    with _training_packages():
        from channel.evaluation.peers import peers_table

    console().print(peers_table(args.runs, args.data))
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    with _training_packages():
        from channel.evaluation.report import write_report

    write_report(args.data, args.out, force=args.force)
    return 0

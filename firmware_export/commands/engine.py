"""``camsim firmware engine``: an exported model as a TensorRT engine for the device here."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from channel.terminal import say
from firmware_export import archive
from firmware_export.contract import read_exported
from firmware_export.output import write_results
from firmware_export.tensorrt_build import Options, Tiles, engine_from_model

if TYPE_CHECKING:
    from firmware_export.commands import Commands

MIB = 1 << 20


def add_to(actions: "Commands") -> None:
    """Add the command."""
    default = Options()
    parser = actions.add_parser(
        "engine",
        help="build a TensorRT engine of an exported model, for the device here",
        description="Needs an NVIDIA device and TensorRT with its builder.",
    )
    parser.add_argument("model", type=Path, help="an exported model")
    parser.add_argument(
        "--workspace",
        type=int,
        default=default.workspace // MIB,
        metavar="MIB",
        help="memory limit",
    )
    parser.add_argument("--timing-cache", type=Path, metavar="FILE", help="read, and renewed")
    parser.add_argument(
        "--version-compatible", action="store_true", help="later TensorRT of this major runs it"
    )
    parser.add_argument(
        "--hardware",
        choices=("none", "ampere_plus", "same_compute_capability"),
        default="none",
        help="which other devices run it (default none)",
    )
    parser.add_argument(
        "--tiles",
        type=int,
        nargs=3,
        default=(default.tiles.least, default.tiles.best, default.tiles.most),
        metavar=("MIN", "OPT", "MAX"),
        help="sides of tiles in packed pixels",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for engines")
    parser.add_argument("--force", action="store_true", help="replace existing ones")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build and write engine, key and timing cache."""
    known = args.timing_cache and args.timing_cache.exists()
    cache = archive.read_file(args.timing_cache) if known else b""
    options = Options(
        workspace=args.workspace * MIB,
        timing_cache=cache,
        version_compatible=args.version_compatible,
        hardware=args.hardware,
        tiles=Tiles(*args.tiles),
    )
    made = engine_from_model(read_exported(args.model), options)
    name = made.key.name
    files = {f"{name}.plan": made.plan, f"{name}.json": made.key.model_dump_json().encode()}
    write_results(args.out, files, force=args.force)
    if args.timing_cache:
        write_results(
            args.timing_cache.parent, {args.timing_cache.name: made.timing_cache}, force=True
        )
    say(f"{len(made.plan)} bytes → {args.out / name}.plan")
    return 0

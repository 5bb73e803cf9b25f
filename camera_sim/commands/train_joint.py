"""``camsim train joint``: train a pipeline together with its analyser."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_sim.commands.simulate import DEFAULT_CAMERA, find_camera
from camera_sim.errors import TrainingError
from camera_sim.pipelines import PIPELINES, PLAIN_PIPELINE, Pipeline, find_pipeline
from channel.options import require_torch

if TYPE_CHECKING:
    from camera_sim.commands import Commands
    from camera_sim.training.pair.recipe import JointRecipe
    from camera_sim.training.pair.train import JointProgress

LEAST = {
    "steps": 1, "scenes": 1, "foreign": 0, "fan_rate": 0, "nip_rate": 0, "watermark_rate": 0,
    "fidelity": 0, "final_fidelity": 0, "validate_every": 1,
    "bound": 0, "curriculum": 0, "pattern_strength": 0, "pattern_warm_up": 0, "fan_warm_up": 0,
    "channels": 1, "blocks_warm_up": 0,
}  # fmt: skip
HELD_OUT_PATCHES = 64


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "joint",
        help="a pipeline and its analyser together, so that edits stay detectable",
        description="Train a neural imaging pipeline (NIP) jointly with a forensic analysis "
        "network (FAN): capture, edit, channel, analysis. It resumes where a run in --out stopped.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--pictures", type=Path, nargs="+", metavar="FOLDER", help="through the sensor"
    )
    source.add_argument("--raw", type=Path, metavar="FOLDER", help="RAW files")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument(
        "--start-from", type=Path, required=True, metavar="WEIGHTS",
        help="the pipeline's trained weights: a run's folder, or a .safetensors file",
    )  # fmt: skip
    parser.add_argument("--pipeline", default=PLAIN_PIPELINE, metavar="NAME",
        help=f"default {PLAIN_PIPELINE}",
    )  # fmt: skip
    parser.add_argument("--pair", default="my-pair", metavar="NAME", help="what to call the pair")
    parser.add_argument(
        "--schedule", choices=("fast", "paper"), default="fast",
        help="fast: ours; paper: Korus & Memon 2019",
    )  # fmt: skip
    parser.add_argument("--mode", choices=("F", "F+N"), help="FAN alone, or both (default)")
    parser.add_argument("--channel", choices=("none", "paper", "wide"), help="default wide")
    parser.add_argument("--channels", type=int, metavar="N", help="drawn for each step")
    parser.add_argument("--fidelity", type=float, metavar="λ", help="weight of the fidelity")
    parser.add_argument("--final-fidelity", type=float, metavar="λ", help="at the end")
    parser.add_argument(
        "--bound", type=float, metavar="DB",
        help="let fidelity cost nothing down to so many dB (default: every error costs)",
    )  # fmt: skip
    parser.add_argument(
        "--fan-warm-up", type=int, metavar="STEPS", help="train the FAN alone first"
    )
    parser.add_argument(
        "--blocks-warm-up", type=int, metavar="STEPS",
        help="train what the analyser reads in JPEG's blocks alone first",
    )  # fmt: skip
    parser.add_argument(
        "--pattern-strength", type=float, metavar="STRENGTH",
        help="of the pattern that the pipeline starts with; 0: none (default 1, and 0 with "
        "--pair-from)",
    )  # fmt: skip
    parser.add_argument(
        "--pattern-from", type=Path, metavar="FILE",
        help="a pattern of camsim train pattern, in place of the shipped one",
    )  # fmt: skip
    parser.add_argument(
        "--pattern-warm-up", type=int, metavar="STEPS",
        help="a pipeline without a layer for it (unet) learns to embed the pattern first",
    )  # fmt: skip
    parser.add_argument(
        "--camera",
        help="of a per-camera pipeline trained on pictures: the one that its weights are for "
        f"(default {DEFAULT_CAMERA})",
    )  # fmt: skip
    parser.add_argument("--no-masking", action="store_true", help="errors weigh alike everywhere")
    parser.add_argument(
        "--least-psnr", type=float, default=40.0, metavar="DB",
        help="export the most accurate point of at least so many dB (default 40)",
    )  # fmt: skip
    parser.add_argument(
        "--pair-from", type=Path, metavar="POINT",
        help="go on from RUN/points/STEP.safetensors; --start-from stays the pipeline before",
    )  # fmt: skip
    parser.add_argument(
        "--fan-from", type=Path, metavar="RUN", help="start from the FAN of another joint run"
    )
    parser.add_argument(
        "--curriculum", type=int, metavar="STEPS", help="the channel gets harder over so many"
    )
    parser.add_argument(
        "--point", type=int, metavar="STEP",
        help="export this step instead; one that is already there ends the run",
    )  # fmt: skip
    parser.add_argument("--steps", type=int)
    parser.add_argument("--scenes", type=int, help="patches a step, each with every history")
    parser.add_argument("--foreign", type=int, help="foreign patches a step; 0: no such class")
    parser.add_argument("--fan-rate", type=float, help="learning rate of the FAN")
    parser.add_argument("--nip-rate", type=float, help="learning rate of the NIP")
    parser.add_argument("--watermark-rate", type=float, help="learning rate of its watermark")
    parser.add_argument("--validate-every", type=int, metavar="STEPS")
    parser.add_argument("--float32", action="store_true", help="compute in float32")
    parser.add_argument("--threads", type=int, help="threads of torch (default: every core)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run_joint)


def run_joint(args: argparse.Namespace) -> int:
    """Train, draw, export the chosen point, and say where it is."""
    pipeline = find_pipeline(args.pipeline)
    if not pipeline.is_neural:
        neural = ", ".join(p.name for p in PIPELINES.values() if p.is_neural)
        raise TrainingError(f"{pipeline.name!r} is no network; those are {neural}")
    require_torch()
    from dataclasses import replace

    from camera_sim.evaluation.pair_figures import draw_confusion, draw_joint_curve
    from camera_sim.networks.rnet import WATERMARK_PATTERN
    from camera_sim.training.pair.pattern_search import digest, load_pattern
    from camera_sim.training.pair.train import choose_point, read_points, train_pair
    from verifier.training.seeded import make_ready

    recipe = recipe_of(args)
    make_ready(args.seed, args.threads)
    pattern = WATERMARK_PATTERN
    if args.pattern_from:
        pattern = load_pattern(args.pattern_from)
        recipe = replace(recipe, pattern_sha256=digest(pattern))
    pair, source, foreign, held_out = _prepare(args, recipe)
    points = read_points(args.out)
    if args.point not in [point.step for point in points]:
        with _reporter(recipe.steps) as report:
            points = train_pair(pair, source, foreign, held_out, recipe, args.out, report, pattern)
    curve = draw_joint_curve(points, args.out / "curve.png")
    exported = _exported(pipeline)
    chosen = choose_point(points, args.least_psnr, args.point)
    draw_confusion(chosen.confusion, args.out / "confusion.png", f"step {chosen.step}")
    print(f"step {chosen.step}: {chosen.accuracy:.1%} of patches at {chosen.psnr:.1f} dB → {curve}")
    from camera_sim.training.pair.export import export_pair

    data = ", ".join(folder.name for folder in args.pictures or [args.raw])
    camera, verifier = export_pair(pair, chosen, exported, args.pair, recipe, data, args.out)
    print(f"pair {args.pair}: camera → {camera}, verifier → {verifier}; use them with")
    print(f"  camsim develop --pipeline {exported.name} --weights {camera} shot.nef")
    print(f"  camsim evaluate pair PICTURES --pair {args.pair} --weights {args.out}")
    return 0


def _exported(pipeline: Pipeline) -> Pipeline:
    """Return the registered pipeline that a jointly trained network of this one is."""
    return PIPELINES.get(f"{pipeline.name}-fan", pipeline)


def recipe_of(args: argparse.Namespace) -> "JointRecipe":
    """Return the named schedule with what the user set.

    Raises
    ------
    TrainingError
        For a value out of range.
    """
    from dataclasses import replace

    from camera_sim.training.pair.recipe import FAST_JOINT, PAPER_JOINT

    recipe = replace(PAPER_JOINT if args.schedule == "paper" else FAST_JOINT, seed=args.seed)
    if args.seed < 0:
        raise TrainingError(f"--seed cannot be negative, and is {args.seed}")
    if args.threads is not None and args.threads < 1:
        raise TrainingError(f"--threads must be at least 1, not {args.threads}")
    for name, least in LEAST.items():
        value = getattr(args, name)
        if value is not None and value < least:
            option = name.replace("_", "-")
            raise TrainingError(f"--{option} must be at least {least:g}, not {value:g}")
    given = {
        name: getattr(args, name)
        for name in (*LEAST, "mode", "channel")
        if getattr(args, name) is not None
    }
    if args.fidelity is not None and args.final_fidelity is None:
        given["final_fidelity"] = args.fidelity
    if args.float32:
        given["bfloat16"] = False
    if args.no_masking:
        given["masked"] = False
    if args.pair_from and args.pattern_strength is None:
        given["pattern_strength"] = 0.0  # it was embedded already
    recipe = replace(recipe, camera=_camera_of(args), **given)
    _check_pattern(args, recipe)
    return recipe


def _camera_of(args: argparse.Namespace) -> str | None:
    """Return the camera that photographs the pictures, where it isn't drawn anew for each patch."""
    if find_pipeline(args.pipeline).any_camera or args.raw:
        if args.camera:
            raise TrainingError("--camera is of per-camera pipelines trained on pictures")
        return None
    camera = find_camera(args.camera or DEFAULT_CAMERA)
    return f"{camera.make} {camera.model}"


def _check_pattern(args: argparse.Namespace, recipe: "JointRecipe") -> None:
    """Refuse options of a pattern that would do nothing."""
    asked = args.pattern_from or recipe.pattern_warm_up
    if asked and (recipe.mode == "F" or not recipe.pattern_strength):
        raise TrainingError(
            "--pattern-from and --pattern-warm-up need --mode F+N and a --pattern-strength above 0"
        )
    if _exported(find_pipeline(args.pipeline)).name.endswith("-fan"):
        if recipe.pattern_warm_up:
            raise TrainingError(
                f"{args.pipeline} has a layer for the pattern; leave --pattern-warm-up out"
            )
    elif args.pattern_from and not recipe.pattern_warm_up:
        raise TrainingError(
            f"{args.pipeline} has no layer for a pattern; give --pattern-warm-up steps to teach it"
        )


def _prepare(args: argparse.Namespace, recipe: "JointRecipe") -> tuple[Any, ...]:
    """Return the pair, the training source, the foreign source and what is held out."""
    import numpy as np

    from camera_sim.networks.nip import PerCameraNIP
    from camera_sim.training.nip.export import build_network
    from camera_sim.training.pair.data import joint_sources
    from camera_sim.training.pair.foreign import ForeignSource, foreign_pictures
    from camera_sim.training.pair.sending import STRIDE, Pair
    from camera_sim.training.pair.validation import BORDER, Validation
    from camera_sim.training.pair.workflow import NO_CHANNEL, PAPER_CHANNEL
    from verifier.training.checkpoint import CHECKPOINT, load_fan, load_weights

    pipeline = find_pipeline(args.pipeline)
    camera = find_camera(recipe.camera) if recipe.camera else None
    sources = joint_sources(args.pictures or (), args.raw, pipeline, camera)
    nip = build_network(_exported(pipeline), sources.matrix)
    start = args.start_from
    load_weights(start / CHECKPOINT if start.is_dir() else start, nip, whole=False)
    if isinstance(nip, PerCameraNIP) and not nip.is_for(sources.matrix):
        raise TrainingError(
            f"{start} was trained for another camera than {recipe.camera or args.raw}; "
            "name its own by --camera"
        )
    if recipe.mode == "F+N":
        nip.watermarked = True  # its analyser learns where the picture lies on JPEG's squares
    rng = np.random.default_rng(recipe.seed + 1)
    training = ForeignSource(foreign_pictures(sources.scenes, nip, rng))
    held_out_foreign = ForeignSource(foreign_pictures(sources.held_out_scenes, nip, rng))
    channel = NO_CHANNEL if recipe.channel == "none" else PAPER_CHANNEL
    side = -(-(channel.side + 2 * BORDER) // STRIDE) * STRIDE
    patches = held_out_foreign.batch(rng, HELD_OUT_PATCHES, channel.side)
    held_out = Validation(
        sources.held_out.batch(rng, HELD_OUT_PATCHES, side),
        list((patches * 255 + 0.5).byte().permute(0, 2, 3, 1).numpy()),
        channel,
    )
    pair = Pair(nip, recipe.classes, blocks=recipe.blocks)
    if args.fan_from:
        load_fan(args.fan_from / CHECKPOINT, pair.fan)
    if args.pair_from:
        load_weights(args.pair_from, pair.halves)
    return pair, sources.training, training, held_out


def _reporter(steps: int) -> AbstractContextManager["Callable[[JointProgress], None]"]:
    """Return a progress bar on a terminal, a line a validation elsewhere."""
    if not sys.stderr.isatty():
        return nullcontext(_print_line)
    from channel.terminal import Progress as Bar

    @contextmanager
    def bar() -> Iterator["Callable[[JointProgress], None]"]:
        with Bar() as progress:
            task = progress.add_task("training", total=steps)

            def report(state: "JointProgress") -> None:
                words = f"accuracy {state.accuracy:.1%}{_fidelity(state)}"
                if state.point:
                    progress.console.print(_line(state))
                progress.update(task, completed=state.step, description=words)

            yield report

    return bar()


def _print_line(state: "JointProgress") -> None:
    if state.point:
        print(_line(state), flush=True)


def _line(state: "JointProgress") -> str:
    point = state.point
    assert point is not None  # asked for validated steps only
    return (
        f"step {state.step}/{state.steps}  loss {state.loss:.3f}  "
        f"training {state.accuracy:.1%}{_fidelity(state)}  "
        f"held out {point.accuracy:.1%} {point.psnr:.1f} dB  foreign {point.foreign:.1%}"
    )


def _fidelity(state: "JointProgress") -> str:
    return "" if isnan(state.psnr) else f" {state.psnr:.1f} dB"

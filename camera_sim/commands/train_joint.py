"""``camsim train joint``: train a pipeline together with its FAN."""

from dataclasses import KW_ONLY, dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from camera_sim.commands.simulate import DEFAULT_CAMERA, find_camera
from camera_sim.errors import TrainingError
from camera_sim.pipelines import PIPELINES, PLAIN_PIPELINE, find_pipeline
from channel.extras import require_torch
from channel.options import ONE_OF, SOME, Count, TrainingOptions, Whole, given, within
from channel.terminal import training_bar

if TYPE_CHECKING:
    from camera_sim.training.pair.recipe import JointRecipe
    from camera_sim.training.pair.train import JointProgress

HELD_OUT_PATCHES = 64
_OF_RECIPE = (
    "mode", "channel", "channels", "steps", "scenes", "unknown_camera", "fan_rate",
    "nip_rate", "fidelity", "final_fidelity", "validate_every", "bound", "curriculum",
    "fan_warm_up",
)  # fmt: skip


@dataclass(frozen=True)
class TrainJoint(TrainingOptions):
    """A pipeline and its FAN together: the experiment of Korus & Memon 2019.

    Train a neural imaging pipeline (NIP) jointly with a forensic analysis network (FAN): capture,
    edit, channel, analysis. It resumes where a run in --out stopped.

    Parameters
    ----------
    pictures
        Through the sensor.
    raw
        RAW files.
    start_from
        The pipeline's trained weights: a run's folder, or a .safetensors file.
    pipeline
        Which pipeline.
    pair
        What to call the pair.
    schedule
        fast: ours; paper: Korus & Memon 2019.
    mode
        FAN alone, or both (default).
    channel
        Default wide.
    channels
        Drawn for each step.
    fidelity
        Weight of the fidelity.
    final_fidelity
        At the end.
    bound
        Let fidelity cost nothing down to so many dB (default: every error costs).
    fan_warm_up
        Train the FAN alone first.
    camera
        Of a per-camera pipeline trained on pictures: the one that its weights are for.
    least_psnr
        Export the most accurate point of at least so many dB.
    pair_from
        Go on from RUN/points/STEP.safetensors; --start-from stays the pipeline before.
    fan_from
        Start from the FAN of another joint run.
    curriculum
        The channel gets harder over so many.
    point
        Export this step instead; one that is already there ends the run.
    steps
        At most so many.
    scenes
        Patches a step, each with every processing history.
    unknown_camera
        Patches of unknown cameras a step; 0: no such class.
    fan_rate
        Learning rate of the FAN.
    nip_rate
        Learning rate of the NIP.
    validate_every
        Steps from one validation to the next.
    """

    _: KW_ONLY
    pictures: Annotated[tuple[Path, ...], SOME, ONE_OF] = ()
    raw: Annotated[Path | None, ONE_OF] = None
    start_from: Path
    pipeline: str = PLAIN_PIPELINE
    pair: str = "my-pair"
    schedule: Literal["fast", "paper"] = "fast"
    mode: Literal["F", "F+N"] | None = None
    channel: Literal["none", "paper", "wide"] | None = None
    channels: Count | None = None
    fidelity: Annotated[float, within(0)] | None = None
    final_fidelity: Annotated[float, within(0)] | None = None
    bound: Annotated[float, within(0)] | None = None
    fan_warm_up: Whole | None = None
    camera: str | None = None
    least_psnr: float = 40.0
    pair_from: Path | None = None
    fan_from: Path | None = None
    curriculum: Whole | None = None
    point: int | None = None
    steps: Count | None = None
    scenes: Count | None = None
    unknown_camera: Whole | None = None
    fan_rate: Annotated[float, within(0)] | None = None
    nip_rate: Annotated[float, within(0)] | None = None
    validate_every: Count | None = None

    def __call__(self) -> int:
        """Train, draw, export the chosen point, and say where it is."""
        pipeline = find_pipeline(self.pipeline)
        if not pipeline.is_neural:
            neural = ", ".join(p.name for p in PIPELINES.values() if p.is_neural)
            raise TrainingError(f"{pipeline.name!r} is no network; those are {neural}")
        require_torch()
        from camera_sim.evaluation.pair_figures import draw_confusion, draw_joint_curve
        from camera_sim.training.pair.train import choose_point, read_points, train_pair
        from verifier.training.seeded import make_ready

        recipe = recipe_of(self)
        make_ready(self.seed, self.threads)
        pair, source, others, held_out = _prepare(self, recipe)
        points = read_points(self.out)
        if self.point not in [point.step for point in points]:
            with training_bar(recipe.steps) as tell:

                def report(state: "JointProgress") -> None:
                    words = f"accuracy {state.accuracy:.1%}{_fidelity(state)}"
                    tell(state.step, words, _line(state))

                points = train_pair(pair, source, others, held_out, recipe, self.out, report)
        curve = draw_joint_curve(points, self.out / "curve.png")
        chosen = choose_point(points, self.least_psnr, self.point)
        draw_confusion(chosen.confusion, self.out / "confusion.png", f"step {chosen.step}")
        print(
            f"step {chosen.step}: {chosen.accuracy:.1%} of patches at {chosen.psnr:.1f} dB "
            f"→ {curve}"
        )
        from camera_sim.training.pair.export import export_pair

        data = ", ".join(folder.name for folder in self.pictures or filter(None, [self.raw]))
        camera, verifier = export_pair(pair, chosen, pipeline, self.pair, recipe, data, self.out)
        print(f"pair {self.pair}: camera → {camera}, FAN → {verifier}; use them with")
        print(f"  camsim develop --pipeline {pipeline.name} --weights {camera} capture.nef")
        print(f"  camsim evaluate pair PICTURES --weights {self.out}")
        return 0


def recipe_of(args: TrainJoint) -> "JointRecipe":
    """Return the named schedule with what the user set.

    Raises
    ------
    TrainingError
        For a value out of range.
    """
    from dataclasses import replace

    from camera_sim.training.pair.recipe import FAST_JOINT, PAPER_JOINT

    recipe = replace(PAPER_JOINT if args.schedule == "paper" else FAST_JOINT, seed=args.seed)
    found = given(args, *_OF_RECIPE)
    if args.fidelity is not None and args.final_fidelity is None:
        found["final_fidelity"] = args.fidelity
    if args.float32:
        found["bfloat16"] = False
    return replace(recipe, camera=_camera_of(args), **found)


def _camera_of(args: TrainJoint) -> str | None:
    """Return the camera whose captures are simulated, where it isn't drawn for each patch."""
    if find_pipeline(args.pipeline).any_camera or args.raw:
        if args.camera:
            raise TrainingError("--camera is of per-camera pipelines trained on pictures")
        return None
    camera = find_camera(args.camera or DEFAULT_CAMERA)
    return f"{camera.make} {camera.model}"


def _prepare(args: TrainJoint, recipe: "JointRecipe") -> tuple[Any, ...]:
    """Return the pair, the training source, that of unknown cameras and what is held out."""
    import numpy as np

    from camera_sim.networks.nip import PerCameraNIP
    from camera_sim.training.nip.export import build_network
    from camera_sim.training.pair.data import joint_sources
    from camera_sim.training.pair.sending import STRIDE, Pair
    from camera_sim.training.pair.unknown_camera import UnknownCameraSource, unknown_camera_pictures
    from camera_sim.training.pair.validation import BORDER, Validation
    from camera_sim.training.pair.workflow import NO_CHANNEL, PAPER_CHANNEL
    from verifier.training.checkpoint import CHECKPOINT, load_fan, load_weights

    pipeline = find_pipeline(args.pipeline)
    camera = find_camera(recipe.camera) if recipe.camera else None
    sources = joint_sources(args.pictures, args.raw, pipeline, camera)
    nip = build_network(pipeline, sources.matrix)
    start = args.start_from
    load_weights(start / CHECKPOINT if start.is_dir() else start, nip)
    if isinstance(nip, PerCameraNIP) and not nip.is_for(sources.matrix):
        raise TrainingError(
            f"{start} was trained for another camera than {recipe.camera or args.raw}; "
            "name its own by --camera"
        )
    if recipe.mode == "F+N":
        nip.watermarked = True  # its FAN learns where the picture lies on JPEG's squares
    rng = np.random.default_rng(recipe.seed + 1)
    training = UnknownCameraSource(unknown_camera_pictures(sources.scenes, nip, rng))
    held_out_unknown = UnknownCameraSource(
        unknown_camera_pictures(sources.held_out_scenes, nip, rng)
    )
    channel = NO_CHANNEL if recipe.channel == "none" else PAPER_CHANNEL
    side = -(-(channel.side + 2 * BORDER) // STRIDE) * STRIDE
    patches = held_out_unknown.batch(rng, HELD_OUT_PATCHES, channel.side)
    held_out = Validation(
        sources.held_out.batch(rng, HELD_OUT_PATCHES, side),
        list((patches * 255 + 0.5).byte().permute(0, 2, 3, 1).numpy()),
        channel,
    )
    pair = Pair(nip, recipe.classes)
    if args.fan_from:
        load_fan(args.fan_from / CHECKPOINT, pair.fan)
    if args.pair_from:
        load_weights(args.pair_from, pair.halves)
    return pair, sources.training, training, held_out


def _line(state: "JointProgress") -> str | None:
    point = state.point
    if point is None:
        return None
    return (
        f"step {state.step}/{state.steps}  loss {state.loss:.3f}  "
        f"training {state.accuracy:.1%}{_fidelity(state)}  "
        f"held out {point.accuracy:.1%} {point.psnr:.1f} dB  "
        f"unknown camera {point.unknown_camera:.1%}"
    )


def _fidelity(state: "JointProgress") -> str:
    return "" if isnan(state.psnr) else f" {state.psnr:.1f} dB"

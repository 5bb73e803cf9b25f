"""``camsim explain``: why a detector says what it says of a picture."""

from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from channel.errors import ChannelError, reason_of
from channel.extras import to_install
from channel.options import Out
from channel.output import write
from channel.terminal import say
from verifier.analysis import Verifier
from verifier.errors import DependencyError, OutputError, ScoresError
from verifier.judging.decision import outside_domain
from verifier.weights import FOLDER, read_manifest

if TYPE_CHECKING:
    from verifier.explain.networks import Explainable

_TASKS: Final = ("generated", "origin")


@dataclass(frozen=True)
class NetworkOptions:
    """Which network.

    Parameters
    ----------
    model
        Of the manifest (default: that of origins; one of generated pictures, where there is one).
    weights
        Models of your own.
    resnet50
        A ResNet-50 of yours instead, such as CNNDetection's blur_jpg_prob0.5.pth.
    """

    _: KW_ONLY
    model: str | None = None
    weights: Path = FOLDER
    resnet50: Path | None = None


@dataclass(frozen=True)
class Explain(NetworkOptions):
    """Draw why a detector says what it says of a picture.

    Propagate a detector's answer back to the pixels (LRP) and draw them, with the most
    relevant channels and a sentence. Needs the extra 'explain'.

    Parameters
    ----------
    photo
        JPEG, PNG, WebP…
    out
        Where results go.
    label
        What to explain (default: the likeliest).
    force
        Replace an existing figure.
    """

    photo: Path
    _: KW_ONLY
    out: Out
    label: str | None = None
    force: bool = False

    def __call__(self) -> int:
        """Explain, draw, and print the sentence."""
        if self.out.exists() and not self.force:
            raise OutputError(f"{self.out} exists; add --force to replace it")
        network = network_of(self)
        from verifier.explain.drawing import draw_explanation
        from verifier.explain.explanation import explain

        with Verifier.facts_only() as verifier:
            reading = verifier.read(self.photo)
        pixels = reading.colours
        found = explain(network, pixels, self.label)
        outside = outside_domain(network.entry, reading, found.patches) if network.entry else ()
        if outside:
            words = f"{found.sentence} The detector itself gives no answer: {' '.join(outside)}"
            found = replace(found, sentence=words)
        figure = draw_explanation(found, pixels, f"{self.photo.name}, as {network.name} sees it")
        try:
            write(self.out, figure, force=self.force)
        except (OSError, ChannelError) as error:
            raise OutputError(f"{self.out} can't be written: {reason_of(error)}") from error
        say(found.sentence)
        return 0


def network_of(args: NetworkOptions) -> "Explainable":
    """Load the network that was chosen.

    Raises
    ------
    DependencyError
        Without torch.
    WeightsError, ScoresError
        If it can't be loaded, or there is none.
    """
    try:
        from verifier.explain.networks import load_ours, load_resnet
    except ImportError as error:
        words = f"explaining needs torch and zennit: {to_install('explain')}"
        raise DependencyError(words) from error
    if args.resnet50:
        return load_resnet(args.resnet50)
    manifest = read_manifest(args.weights)
    names = [entry.name for task in _TASKS for entry in manifest.of_task(task)]
    if not (args.model or names):
        raise ScoresError(
            f"{args.weights} has no model of generated pictures or of origins; name one by --model"
        )
    return load_ours(args.model or names[0], args.weights)

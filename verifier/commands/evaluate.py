"""``camsim evaluate``: scores, calibration, flips and fuzz; see docs/results/verifier.md."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifier.commands import Commands


def add_to(evaluations: "Commands") -> None:
    """Add the verifier's evaluations."""

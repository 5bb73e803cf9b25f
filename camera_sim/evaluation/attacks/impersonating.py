"""Impersonating: a foreign picture is passed off as a photo of the camera, nothing laid on it."""

from collections.abc import Iterator

from camera_sim.evaluation.attacks.attack import Attempt, Target


def impersonating(target: Target) -> Iterator[Attempt]:
    """Show a foreign picture as it is; and what the autoencoder generates of it."""
    foreign = target.foreign
    yield Attempt("a foreign picture as it is", "forgery", foreign, foreign)
    yield Attempt("what our VAE makes of it", "forgery", foreign, target.attacker.vae(foreign))

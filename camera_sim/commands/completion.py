"""``camsim completion``: a script for a shell."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Completion:
    """Print a script that completes commands and options in a shell.

    For bash: camsim completion bash > ~/.local/share/bash-completion/completions/camsim

    Parameters
    ----------
    shell
        Which shell.
    """

    shell: Literal["bash", "zsh", "fish"]

    def __call__(self) -> int:
        """Print it."""
        from camera_sim.cli import app_for

        print(app_for().generate_completion(shell=self.shell))
        return 0

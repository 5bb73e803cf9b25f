"""The camera's commands, one file each; `camera_sim.cli` puts them together."""

import argparse
from typing import TYPE_CHECKING, TypeAlias

from camera_sim.errors import TrainingError

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


def require_torch() -> None:
    """Raise `TrainingError` where torch is missing."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise TrainingError("training needs torch: pip install 'camsim[train]'") from error

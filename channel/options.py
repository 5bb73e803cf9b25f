"""What several commands check of their options."""

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from channel.errors import ChannelValueError, DependencyError


def require_torch(what: str = "training needs") -> None:
    """Raise `DependencyError`, of what needs it, where torch is missing."""
    try:
        import_module("torch")
    except ImportError as error:
        raise DependencyError(f"{what} torch: pip install 'camsim[train]'") from error


def given_options(args: argparse.Namespace, least: Mapping[str, float]) -> dict[str, Any]:
    """Return the options of training that were set, each at least what it must be.

    Raises
    ------
    ChannelValueError
        If one is less, ``threads`` is under 1, or ``seed`` is negative.
    """
    if args.threads is not None and args.threads < 1:
        raise ChannelValueError(f"--threads must be at least 1, not {args.threads}")
    if args.seed < 0:
        raise ChannelValueError(f"--seed cannot be negative, and is {args.seed}")
    found = {name: getattr(args, name) for name in least if getattr(args, name) is not None}
    for name, value in found.items():
        if value < least[name]:
            option = name.replace("_", "-")
            raise ChannelValueError(f"--{option} must be at least {least[name]:g}, not {value:g}")
    return found

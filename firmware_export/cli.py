"""``camsim firmware`` and ``camsim boot``, added to the camsim command by `camera_sim.cli`."""

import argparse
from typing import TYPE_CHECKING

from firmware_export.commands import boot, build, engine, export, inspect, parity

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: "Commands") -> None:
    """Add the commands."""
    actions = commands.add_parser(
        "firmware", help="export, check, bundle and sign what a camera runs"
    ).add_subparsers(required=True, metavar="ACTION")
    for module in (export, parity, engine, build, inspect):
        module.add_to(actions)
    boot.add_to(commands)

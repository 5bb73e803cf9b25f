"""The camsim command: the composition root, and the one module that may import every package."""

import argparse
import sys
from collections.abc import Sequence

from camera_sim.errors import CameraSimError
from channel.errors import ChannelError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status (0 done, 2 bad input, 1 our own error)."""
    parser = argparse.ArgumentParser(prog="camsim", description=__doc__)
    parser.add_subparsers(required=True, metavar="COMMAND")
    args = parser.parse_args(argv)
    try:
        return int(args.run(args))
    except (CameraSimError, ChannelError) as error:
        print(f"camsim: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

"""The verifier's commands, one file each."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the class can't be subscripted at run time
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

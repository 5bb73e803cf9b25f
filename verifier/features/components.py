"""Places that hang together."""

import numpy as np
from numpy.typing import NDArray


def components(flagged: NDArray[np.bool_]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return rows and columns of each group that hangs together, corners included."""
    left = set(zip(*(axis.tolist() for axis in np.nonzero(flagged)), strict=True))
    found = []
    while left:
        stack = [left.pop()]
        members = []
        while stack:
            row, column = stack.pop()
            members.append((row, column))
            for near in ((row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
                if near in left:
                    left.remove(near)
                    stack.append(near)
        rows, columns = np.array(sorted(members)).T
        found.append((rows, columns))
    return found

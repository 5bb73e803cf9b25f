"""``camsim platforms``: what each platform does to pictures."""

from dataclasses import dataclass

from channel.listing import platforms_table, profile_table
from channel.platforms import platform
from channel.terminal import console

_PIPED = 1000  # columns, where nobody reads in a terminal: one line a platform, for grep


@dataclass(frozen=True)
class Platforms:
    """List the platforms, what each does, how sure.

    Parameters
    ----------
    name
        Show all of this one.
    """

    name: str | None = None

    def __call__(self) -> int:
        """Print a table."""
        shown = console()
        if not shown.is_terminal:
            shown = console(width=_PIPED)
        shown.print(profile_table(platform(self.name)) if self.name else platforms_table())
        return 0

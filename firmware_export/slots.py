"""A device's two firmware slots, and which of them is to boot.

A new image goes into the slot that is not in use; one small file, replaced whole, then says which
is tried first. At every moment at least one slot holds what booted before.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from camera_sim import durable
from firmware_export.errors import BootError

Slot = Literal["a", "b"]
OTHER: dict[Slot, Slot] = {"a": "b", "b": "a"}


class State(BaseModel):
    """Which slot boots.

    Attributes
    ----------
    active
        Tried first.
    trial
        Whether it has not booted yet since it was written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: Slot
    trial: bool = False


class Slots:
    """The slots of a device.

    Parameters
    ----------
    folder
        The device's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "slots"
        self._state, self.log = self.folder / "state.json", self.folder / "boot-log.json"

    def image(self, slot: Slot) -> Path:
        """Where a slot's bundle lies."""
        return self.folder / f"{slot}.camfw"

    def state(self) -> State | None:
        """Return which slot boots; None where nothing was ever installed.

        Raises
        ------
        BootError
            If it cannot be told.
        """
        try:
            return State.model_validate_json(self._state.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise BootError(f"{self._state} is damaged: no slot is known to boot") from error

    def install(self, image: bytes) -> Slot:
        """Write an image into the slot that is not in use, and have it tried next."""
        state = self.state()
        slot = OTHER[state.active] if state else "a"
        durable.write_whole(self.image(slot), image)
        self.choose(State(active=slot, trial=True))
        return slot

    def choose(self, state: State) -> None:
        """Say which slot boots."""
        durable.write_whole(self._state, state.model_dump_json().encode())

    def order(self) -> tuple[Slot, ...]:
        """Return the slots in the order in which they are tried."""
        state = self.state()
        if state is None:
            return ()
        return state.active, OTHER[state.active]

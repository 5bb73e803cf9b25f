"""A device's two firmware slots, and which of them is to boot.

One small file, replaced whole, says which is tried first. A new image goes into the other slot; but
where the first was never booted, it goes over that one, so that the last image that booted stays,
whatever comes in between.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from camera_sim.device import durable
from firmware_export.errors import BootError

Slot = Literal["a", "b"]
SLOTS: tuple[Slot, ...] = ("a", "b")
OTHER: dict[Slot, Slot] = {"a": "b", "b": "a"}


class State(BaseModel):
    """Which slot boots.

    Attributes
    ----------
    active
        Tried first.
    trial
        Whether it has not booted yet since it was written.
    ran
        Slots whose images have developed a photo since they were written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: Slot
    trial: bool = False
    ran: tuple[Slot, ...] = ()

    def having_run(self, slot: Slot) -> "State":
        """Return this with a slot whose image has developed a photo."""
        ran: tuple[Slot, ...] = tuple(s for s in SLOTS if s in (*self.ran, slot))
        return self.model_copy(update={"ran": ran})


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
            If it is not known.
        """
        try:
            return State.model_validate_json(self._state.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise BootError(f"{self._state} is damaged; boot the device, which mends it") from error

    def install(self, image: bytes) -> Slot:
        """Write an image over the one that is missed least, and have it tried next.

        Over one that never booted, else over that in the slot that is not in use.
        """
        state = self.state() or State(active="b")
        slot = state.active if state.trial else OTHER[state.active]
        kept: tuple[Slot, ...] = tuple(one for one in state.ran if one != slot)
        if kept != state.ran:
            self.choose(state.model_copy(update={"ran": kept}))
        durable.write_whole(self.image(slot), image)
        self.choose(State(active=slot, trial=True, ran=kept))
        return slot

    def choose(self, state: State) -> None:
        """Say which slot boots."""
        durable.write_whole(self._state, state.model_dump_json().encode())

    def order(self) -> tuple[Slot, ...]:
        """Return the slots in the order in which they are tried; none where nothing was installed.

        Where the state is damaged, those that hold an image.
        """
        try:
            state = self.state()
        except BootError:
            return tuple(slot for slot in SLOTS if self.image(slot).exists())
        if state is None:
            return ()
        return state.active, OTHER[state.active]

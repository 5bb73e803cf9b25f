"""Which frames' tokens were used, and which of them for a photo that was never finished."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MOST_FRAMES = 2**31 - 1
"""More than a shutter can make: a frame a second for 68 years. A number above it is damage."""


class Lost(BaseModel):
    """A frame that was used up for a photo that was never finished.

    Attributes
    ----------
    raw
        Name of its RAW file; "" where that is not known any more.
    raw_sha256
        Of that file.
    began
        When its photo was to be signed; None where that is not known any more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: int = Field(ge=1, le=MOST_FRAMES, strict=True)
    raw: str = ""
    raw_sha256: str = ""
    began: AwareDatetime | None = None

    def words(self) -> str:
        """Say what happened, and what is left."""
        when = f" on {self.began:%F %H:%M} UTC" if self.began else ""
        raw = self.raw or "its RAW file"
        return (
            f"frame {self.frame} was used up{when} and its photo was never finished; {raw} can be "
            "developed as opened, without the claim of a capture"
        )


class UsedFrames(BaseModel):
    """Frames whose tokens have been used: every one up to ``all_to``, and single later ones.

    Attributes
    ----------
    lost
        Those among them without a photo.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    all_to: int = Field(default=0, ge=0, le=MOST_FRAMES, strict=True)
    also: tuple[int, ...] = ()
    lost: tuple[Lost, ...] = ()

    @property
    def last(self) -> int:
        """The highest number of all; 0 where none was used."""
        return max(self.all_to, *self.also, 0)

    def has(self, counter: int) -> bool:
        """Whether this frame's token was used."""
        return counter <= self.all_to or counter in self.also

    def loss(self, counter: int) -> Lost | None:
        """Return how a frame was lost, if it was."""
        return next((one for one in self.lost if one.frame == counter), None)

    def adding(self, counter: int, lost: Lost | None = None) -> "UsedFrames":
        """Return this with one more, and with how it was lost, if it was."""
        later = {*self.also, counter}
        all_to = self.all_to
        while all_to + 1 in later:
            all_to += 1
        also = tuple(sorted(n for n in later if n > all_to))
        known = lost is None or self.loss(counter) is not None
        return UsedFrames(all_to=all_to, also=also, lost=self.lost if known else (*self.lost, lost))

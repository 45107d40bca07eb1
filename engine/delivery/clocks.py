"""The clocks that date attempts: that of the wall, which can be set, and one that runs from start to start."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["Moment", "boot"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """A moment by the clock of the wall, and by one that is never set and that all processes of a machine share.

    Ticks count from the start of the machine; they are None where an earlier version noted none.
    """

    at: float
    tick: float | None

    def age_of(self, earlier: Moment, *, is_own: bool) -> float:
        """The seconds since an earlier moment. Its ticks are `is_own` if the machine was not started again since.

        Else it is the least that they can be: the wall's clock may have been set, but ticks only begin again.
        """
        wall = max(0.0, self.at - earlier.at)  # what is still to come was noted before the clock was set back
        if self.tick is None or earlier.tick is None:
            return wall
        ticks = self.tick - earlier.tick
        return ticks if is_own else min(wall, ticks if ticks >= 0 else self.tick)


def boot() -> str | None:
    """The identity of this start of the machine, within which ticks can be compared; None where that is not known."""
    try:
        return _BOOT.read_text("ascii").strip() or None
    except OSError:
        return None

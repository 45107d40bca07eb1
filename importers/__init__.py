"""Rule files made from the mapping files of other tools.

Comes in: paths of files of a user. Goes out: an `Imported`, with the files of a mapping, and a Problem for each part
that could not be converted (M701), or that has another meaning here (M702). Each module imports from one tool.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.exports import lazily

if TYPE_CHECKING:
    from .data_plan import import_data_plan
    from .drafts import Imported, write
    from .rudderstack import import_rudderstack
    from .segment import import_segment
    from .tools import IMPORTERS

__all__ = ["IMPORTERS", "Imported", "import_data_plan", "import_rudderstack", "import_segment", "write"]

__getattr__ = lazily(__name__)

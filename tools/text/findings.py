"""What a check has to say."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One thing to mend: where it is and what is wrong.

    Attributes
    ----------
    path : Path
        The file, as it is to be printed.
    message : str
    cell : str, optional
        The id of the notebook's cell.
    """

    path: Path
    message: str
    cell: str | None = None

    def __str__(self) -> str:
        place = f"{self.path}, cell {self.cell}" if self.cell else f"{self.path}"
        return f"{place}: {self.message}"

"""Print what CHANGELOG.md says of a version, by default the newest: python tools/changelog.py [V].

The release workflow takes it for the release's notes.
"""

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
HEADING = re.compile(r"^## \[(?P<version>\d+\.\d+\.\d+)\] - (?P<date>\d{4}-\d\d-\d\d)\n", re.M)


def versions(text: str) -> dict[str, tuple[str, str]]:
    """Return the date and the notes of each version, the newest first."""
    found = list(HEADING.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return {
        match["version"]: (match["date"], text[match.end() : end].strip())
        for match, end in zip(found, ends, strict=True)
    }


def main() -> None:
    """Print the notes, or say that there are none."""
    known = versions(CHANGELOG.read_text("utf-8"))
    version = (sys.argv[1:] or list(known))[0]
    if version not in known:
        sys.exit(f"CHANGELOG.md says nothing of {version}, only of {', '.join(known)}")
    print(known[version][1])


if __name__ == "__main__":
    main()

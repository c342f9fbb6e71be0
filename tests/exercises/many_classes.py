"""Are our own solutions right in many classes? Not a part of `make test`: it takes minutes.

Usage: ``PYTHONPATH=. python tests/exercises/many_classes.py [--classes 100] [ASSIGNMENT ...]``
"""

import argparse
import random
import sys
import time

from class_work import judged, points, sheet

from tools.grading import assignments


def main() -> None:
    """Judge our solutions with the numbers of random classes; print what is not full marks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("assignments", nargs="*", default=assignments.names())
    options = parser.parse_args()
    generator = random.Random(options.seed)
    words = [f"class-{generator.getrandbits(40):x}" for _ in range(options.classes)]
    lost = []
    for name in options.assignments:
        began = time.perf_counter()
        for word in words:
            ours = sheet.__wrapped__(name, "en", word)
            result = judged(ours)
            full = points(ours.source)
            lost += [(name, word, each) for each in full if result[each][0] != full[each]]
        seconds = time.perf_counter() - began
        print(f"{name}: {len(words)} classes, {seconds:.0f} s, lost: {len(lost)}", flush=True)
    for each in lost:
        print(*each)
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()

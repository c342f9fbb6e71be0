"""Generate the students' notebooks of a class, with real nbgrader.

Usage::

    make exercises [CLASS=word] [EDITION=en|zh] [ASSIGNMENT=name]
    python -m grading.generate [--class WORD] [--language en|zh] [--assignment NAME]

Writes for each language

- ``exercises/release/WORD/LANGUAGE``: what students get;
- ``exercises/courses/WORD/LANGUAGE``: the instructor's nbgrader course, with the sources
  of this class and the gradebook. Never give this to students.
"""

import argparse
import sys
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from tqdm import tqdm

from lrcourse.language import LANGUAGES
from tools.grading import assignments, steps
from tools.text.canonical import canonical, write
from tools.text.pages import read, short

CONFIGURATION = '''"""This course's settings. Add yours below."""

import sys
from pathlib import Path

sys.path.append({root!r})
from tools.grading.steps import configuration

c = get_config()  # noqa: F821 - given by nbgrader
c.merge(configuration(Path(__file__).parent, {language!r}))
'''


class GenerationError(Exception):
    """An assignment that nbgrader would not generate."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--class", dest="word", default=assignments.OPEN_CLASS, metavar="WORD")
    parser.add_argument("--language", choices=LANGUAGES, action="append")
    parser.add_argument("--assignment", choices=assignments.names(), action="append")
    parser.add_argument(
        "--tidy", action="store_true", help="bring the sources into canonical form, for authors"
    )
    parser.add_argument("--into", type=Path, default=assignments.EXERCISES, metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.tidy:
        for path in assignments.tidy():
            print(short(path))
        return 0
    try:
        word = assignments.class_word(options.word)
        languages = options.language or LANGUAGES
        names = options.assignment or assignments.names()
        with tqdm(total=len(languages) * len(names), unit="notebook", disable=None) as progress:
            for language in languages:
                for _ in generate(options.into, word, language, names):
                    progress.update()
    except (ValueError, GenerationError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"For students: {short(options.into / 'release' / word)}")
    print(f"For you, with the solutions: {short(options.into / 'courses' / word)}")
    return 0


def generate(exercises: Path, word: str, language: str, names: list[str]):
    """Generate assignments of one class in one language; yield each file when it is there.

    Parameters
    ----------
    exercises : Path
        The folder in which ``release`` and ``courses`` are made.
    word : str
        The class's, as `assignments.class_word` returns it.
    """
    course = exercises / "courses" / word / language
    course.mkdir(parents=True, exist_ok=True)
    root = str(Path(__file__).resolve().parents[2])
    settings = course / "nbgrader_config.py"
    if not settings.exists():
        write(settings, CONFIGURATION.format(root=root, language=language))
    config = steps.configuration(course, language)
    api = NbGraderAPI(config=config)
    api.log.setLevel("ERROR")
    for name in names:
        source = course / "source" / name / f"{name}.ipynb"
        source.parent.mkdir(parents=True, exist_ok=True)
        write(source, canonical(assignments.of_class(name, language, word)))
        result = api.generate_assignment(name, force=True)
        if not result["success"]:
            reason = result.get("log") or result["error"]
            raise GenerationError(f"{language}/{name}: {reason.strip().splitlines()[-1]}")
        released = Path(config.CourseDirectory.release_directory) / name / f"{name}.ipynb"
        write(released, canonical(read(released)))
        yield released


if __name__ == "__main__":
    sys.exit(main())

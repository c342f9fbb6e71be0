"""Build both editions of the course into one site: python -m tools.site.book [SITE].

An edition is the plain `jupyter-book build` of the folder chapters/<language>, beside whose pages
stand the assignments as students of the open class get them, with _config.yml and _toc.yml adapted
to it, warnings being errors. Unchanged pages are kept from the last build in _build/<language>, and
SITE is replaced only by a site that is complete.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from tqdm import tqdm

from lrcourse.language import LANGUAGES
from tools.grading import assignments
from tools.site import front
from tools.site.assignments import PREFIX

ROOT = Path(__file__).resolve().parents[2]
STUDENT_VERSIONS = ROOT / "_build" / "exercises"

# What the builds leave that no page asks for.
NOT_FOR_READERS = [
    ".buildinfo",
    "objects.inv",
    "locales",
    "*webpack-macros.html",
    "*.map",
    "fa-*.ttf",
    "fontawesome.js",
]

# What Sphinx says of itself: "writing output... [ 45%] 04-schedules".
PROGRESS = re.compile(r"(?P<what>[a-z ]+)\.\.\. \[ *(?P<percent>\d+)%\] *(?P<page>\S*)")
COLOURS = re.compile(r"\x1b\[[\d;]*[mK]")  # Jupyter Book colours even what it pipes
BAR = "{desc}|{bar}| {n:3.0f}% {elapsed}"


def main():
    """Build, then put the finished site in place; or say what is wrong and leave the old one."""
    parser = argparse.ArgumentParser(description="Build both editions of the website.")
    parser.add_argument("site", nargs="?", type=Path, default=Path("_site"), help="the folder")
    site = parser.parse_args().site.resolve()
    if site.exists() and not (site / "en").is_dir() and (site.is_file() or any(site.iterdir())):
        parser.error(f"{site} exists and is not a site made here: name another folder")

    with ThreadPoolExecutor() as pool:
        problems = sum(pool.map(build, LANGUAGES), [])
    if problems:
        print(*problems, sep="\n", file=sys.stderr)
        sys.exit("The book was not built, for the reasons above.")
    try:
        assemble(site)
    except OSError as error:
        sys.exit(f"The book is built but cannot be put into {site}: {error}")
    print(f"The book is ready: open {site / 'index.html'},")
    print("or run `make serve` and go to http://localhost:8000")


def build(language):
    """Build one edition in _build/<language>.

    Returns
    -------
    list of str
        The lines that say what is wrong; none where all is well.
    """
    if problems := generate(language):
        return problems
    folder = ROOT / "_build" / language
    settings = {
        "_config.yml": yaml.safe_dump(configuration(language)),
        "_toc.yml": yaml.safe_dump(contents(language)),
        "made-with": digest(ROOT / "requirements.txt", *extension()),
    }
    if any(read(folder / name) != text for name, text in settings.items()):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, text in settings.items():
        (folder / name).write_text(text, encoding="utf-8")
    # A page is warned about only when it is read, and would pass the next time: what is not built
    # to the end, and without a warning, is built from nothing again.
    (folder / "made-with").unlink()
    lay_out(language)

    command = [Path(sys.executable).with_name("jupyter-book"), "build"]
    command += [folder / "chapters" / language, "--path-output", folder]
    command += ["--config", folder / "_config.yml", "--toc", folder / "_toc.yml"]
    command += ["-W", "-n", "--keep-going"]
    failed, complaints = watch(command, language)
    if not failed:
        (folder / "made-with").write_text(settings["made-with"], encoding="utf-8")
        return []
    plain = re.sub(r"\.ipynb:(\d+):", place_in_notebook, COLOURS.sub("", complaints))
    for start in (folder, ROOT):  # the chapters are copied with the name of their own folder
        plain = plain.replace(f"{start}{os.sep}", "")
    lines = plain.splitlines()
    return [line for line in lines if line.strip(" =") and "returns a non-zero" not in line]


def watch(command, language):
    """Run a build and show, on a terminal, what it is doing and how far it is.

    Returns
    -------
    int, str
        Its exit code, and what it wrote to standard error.
    """
    environment = os.environ | {"PYTHONUTF8": "1"}
    bar = tqdm(total=100, position=LANGUAGES.index(language), disable=None, bar_format=BAR)
    with bar, tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, encoding="utf-8", env=environment
        ) as run:
            for line in run.stdout:
                if at := PROGRESS.search(COLOURS.sub("", line)):
                    bar.n = int(at["percent"])
                    bar.set_description_str(f"{language}: {at['what']} {at['page'][:40]:40}")
        complaints.seek(0)
        return run.returncode, complaints.read()


def generate(language):
    """Have nbgrader make the student versions of the open class, if what it makes them of changed.

    Returns
    -------
    list of str
        The lines that say why it could not.
    """
    if not assignments.names():
        return []
    made_of = [ROOT / "requirements.txt", *(ROOT / "tools" / "text").glob("*.py")]
    made_of += [
        *(ROOT / "tools" / "grading").glob("*.py"),
        *(assignments.EXERCISES / "source").rglob("*.*"),
    ]
    made_with = digest(*sorted(made_of))
    if read(STUDENT_VERSIONS / f"made-with-{language}") == made_with:
        return []
    for made in ("release", "courses"):
        old = STUDENT_VERSIONS / made / assignments.OPEN_CLASS / language
        shutil.rmtree(old, ignore_errors=True)
    command = [sys.executable, "-m", "tools.grading.generate"]
    command += ["--class", assignments.OPEN_CLASS, "--language", language]
    command += ["--into", STUDENT_VERSIONS]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT)
    if run.returncode:
        return run.stderr.strip().splitlines()
    (STUDENT_VERSIONS / f"made-with-{language}").write_text(made_with, encoding="utf-8")
    return []


def lay_out(language):
    """Copy an edition's sources into its folder: the chapters and, as further pages, assignments.

    Notebooks to download keep the names by which nbgrader knows them. A file that is the same as
    before is left as it is, so that Sphinx does not read it again.
    """
    folder = ROOT / "_build" / language
    chapters, released = ROOT / "chapters", STUDENT_VERSIONS / "release" / assignments.OPEN_CLASS
    sources = [*chapters.glob("*.*"), *(chapters / language).rglob("*.*")]
    wanted = {folder / path.relative_to(ROOT): path for path in sources if path.is_file()}
    for name in assignments.names():
        notebook = released / language / name / f"{name}.ipynb"
        wanted[folder / "chapters" / language / f"{PREFIX}{name}.ipynb"] = notebook
        wanted[folder / "downloads" / "exercises" / f"{name}.ipynb"] = notebook
    for place in (folder / "chapters", folder / "downloads"):
        place.mkdir(exist_ok=True)
        for path in place.rglob("*.*"):
            if path not in wanted:
                path.unlink()
    for path, source in wanted.items():
        if not path.exists() or path.read_bytes() != source.read_bytes():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)


def extension():
    """List the files of the extension that makes the pages."""
    here = Path(__file__).parent
    return sorted(path for path in here.rglob("*.*") if "audit" not in path.parts)


def place_in_notebook(match):
    """Say in words where 20025, MyST-NB's line 25 of the third cell, is."""
    cell, line = divmod(int(match[1]), 10_000)
    return f".ipynb: cell {cell + 1}, line {line}:"


def read(path):
    """Read a file of the last build, if there was one."""
    return path.read_text(encoding="utf-8") if path.exists() else None


def digest(*paths):
    """Sum up the contents of files: Sphinx sees by itself only that chapters change."""
    sums = hashlib.sha256()
    for path in paths:
        if "__pycache__" not in path.parts:
            sums.update(f"{path.relative_to(ROOT)}\n".encode())
            sums.update(path.read_bytes())
    return sums.hexdigest()


def configuration(language):
    """Adapt _config.yml to one edition."""
    config = load("_config.yml")
    if language != "en":
        lay_over(config, load(f"chapters/{language}/_config.yml"))
        del config["captions"]
    config["exclude_patterns"] = [".*"]  # the others are for the whole repository
    (other,) = set(LANGUAGES) - {language}
    config["sphinx"]["config"]["other_edition"] = other
    config["sphinx"]["local_extensions"] = {"tools.site": "../.."}
    config["sphinx"]["config"]["html_extra_path"] = ["../../downloads"]
    if base := address():
        config["html"]["baseurl"] = f"{base}{language}/"
        config["sphinx"]["config"]["ogp_site_url"] = f"{base}{language}/"
    if url := repository():
        folder = f"chapters/{language}"
        config["repository"] = {"url": url, "branch": "main", "path_to_book": folder}
        buttons = ("repository", "issues", "edit_page")
        config["html"] |= {f"use_{button}_button": True for button in buttons}
        config["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        }
    return config


def contents(language):
    """Adapt _toc.yml to one edition: its folder is the root, its captions are translated.

    The assignments come before the last part, which is the appendix.
    """
    toc = load("_toc.yml")
    if pages := [{"file": f"{PREFIX}{name}"} for name in assignments.names()]:
        toc["parts"].insert(-1, {"caption": "Exercises", "chapters": pages})
    for part in toc["parts"]:
        if language != "en":
            own = f"chapters/{language}/_config.yml"
            captions = load(own)["captions"]
            if part["caption"] not in captions:
                sys.exit(f"{own} has no caption for {part['caption']!r} of _toc.yml")
            part["caption"] = captions[part["caption"]]
        for chapter in part["chapters"]:
            for page in (chapter, *chapter.get("sections", [])):
                page["file"] = Path(page["file"]).name
    toc["root"] = Path(toc["root"]).name
    return toc


def load(name):
    """Read one of the book's YAML files."""
    try:
        return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        sys.exit(f"{name} cannot be read: {' '.join(str(error).split())}")


def lay_over(config, overlay):
    """Replace in a nested configuration what the overlay names."""
    for key, value in overlay.items():
        if isinstance(value, dict) and key in config:
            lay_over(config[key], value)
        else:
            config[key] = value


def repository():
    """Find the address of the repository, as GitHub's runners or git tell it."""
    if name := os.environ.get("GITHUB_REPOSITORY"):
        return f"https://github.com/{name}"
    command = ["git", "-C", ROOT, "remote", "get-url", "origin"]
    try:
        remote = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:  # no git here
        return None
    found = re.fullmatch(r".*github\.com[:/]([^/]+/[^/]+?)(\.git)?/?", remote)
    return f"https://github.com/{found[1]}" if found else None


def address():
    """Find out where the site will live: what SITE_URL says, or GitHub Pages of the repository.

    Returns
    -------
    str
        The address with a slash at its end; empty if nobody knows.
    """
    if url := os.environ.get("SITE_URL"):
        return f"{url.rstrip('/')}/"
    if not (url := repository()):
        return ""
    owner, name = url.split("/")[-2:]
    pages = f"{owner.lower()}.github.io"
    return f"https://{pages}/" if name.lower() == pages else f"https://{pages}/{name}/"


def assemble(site):
    """Copy what readers need of both editions beside the page that chooses, then swap."""
    new, old = (site.with_name(f"{site.name}.{state}") for state in ("new", "old"))
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    for language in LANGUAGES:
        html = ROOT / "_build" / language / "_build" / "html"
        shutil.copytree(html, new / language, ignore=shutil.ignore_patterns(*NOT_FOR_READERS))
        drop_old_figures(new / language)
    front.write(new, address())
    if site.exists():
        site.rename(old)
    new.rename(site)
    shutil.rmtree(old, ignore_errors=True)


def drop_old_figures(edition):
    """Leave out the figures of earlier builds, which no page shows any more."""
    shown = "".join(page.read_text(encoding="utf-8") for page in edition.rglob("*.html"))
    for image in edition.glob("_images/*"):
        if image.name not in shown:
            image.unlink()


if __name__ == "__main__":
    main()

"""Print each edition as one PDF through the installed Chromium: python -m tools.site.pdf [SITE].

All pages become one, in the order of the contents, so that links between them stay inside the PDF
and its pages are numbered through. The outline is made of the headings.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "msedge")
CHROMIUM += (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
# It needs no screen, and asks no other host for anything.
FLAGS = ["--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
NAMES = {"en": "learning-rate-en.pdf", "zh": "learning-rate-zh.pdf"}
LINK = {"en": "The whole course as a PDF", "zh": "全书 PDF"}
CONTENTS = {"en": "Contents", "zh": "目录"}

FONT = Path(find_spec("zhplot").origin).parent / "fonts" / "NotoSansSC-Regular.ttf"

PAGE = """<!doctype html>
<html lang="{lang}" data-theme="light">
<meta charset="utf-8">
<title>{title}</title>
{styles}
<style>
  /* Where no Chinese font is installed, the one of the figures. */
  @font-face {{ font-family: "Noto Sans SC"; src: local("Noto Sans SC"), url("{font}"); }}
  body {{ font-family: system-ui, "Noto Sans SC", sans-serif; }}
  .bd-content, .bd-article-container {{ display: block; width: auto; overflow: visible; }}
  article {{ break-before: page; }}
  .title-page {{ padding-top: 80mm; text-align: center; }}
  .title-page h1 {{ font-size: 34pt; }}
  .parts {{ break-before: page; }}
  .parts ul {{ list-style: none; padding: 0; margin: 0; }}
  .parts p {{ font-weight: 600; margin: 1rem 0 .3rem; }}
</style>
<body>
<div class="bd-content"><div class="bd-article-container">
<header class="title-page"><h1>{title}</h1><p>{description}</p>{licence}</header>
<nav class="parts"><h1>{contents}</h1><ul>{list}</ul></nav>
{articles}
</div></div>
</body>
</html>
"""


def main():
    """Print both editions, or say in a line why not."""
    parser = argparse.ArgumentParser(description="Print each edition of the site as a PDF.")
    parser.add_argument("site", nargs="?", type=Path, default=Path("_site"), help="the folder")
    site = parser.parse_args().site.resolve()
    program = chromium()
    if not program:
        sys.exit("A PDF needs Chromium or Chrome: install one, or name it in CHROME_PATH.")
    for language, name in NAMES.items():
        if not (site / language / "index.html").exists():
            sys.exit(f"{site} has no {language} edition: run `make book` first.")
        print_edition(program, site / language, site / name)
        add_links(site / language, site / name)
        print(f"{site / name}: {(site / name).stat().st_size / 1e6:.1f} MB")


def chromium():
    """Find the browser: the one that CHROME_PATH names, or the first that is installed."""
    names = [os.environ["CHROME_PATH"]] if os.environ.get("CHROME_PATH") else CHROMIUM
    return next(filter(None, map(shutil.which, names)), None)


def print_edition(program, edition, pdf):
    """Print an edition; an older PDF is replaced only by one that is complete."""
    # Beside the pages, whose pictures and styles it shows.
    page, new = edition / "in-one-piece.html", pdf.with_suffix(".new.pdf")
    page.write_text(in_one_piece(edition), encoding="utf-8")
    flags = [*FLAGS, *(["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else [])]
    flags += ["--no-pdf-header-footer", "--generate-pdf-document-outline"]
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            flags += [f"--user-data-dir={profile}", f"--print-to-pdf={new}"]
            run = subprocess.run([program, *flags, page.as_uri()], capture_output=True, text=True)
        if run.returncode or not new.exists():
            sys.exit(f"{program} could not print {edition.name}: {last_line(run.stderr)}")
        new.replace(pdf)
    finally:
        page.unlink()
        new.unlink(missing_ok=True)


def add_links(edition, pdf):
    """Let the foot of every page lead to the PDF, which is there only when it has been printed."""
    link = f'<p class="pdf"><a href="../{pdf.name}">{LINK[edition.name]}</a></p>'
    for page in edition.glob("*.html"):
        html = re.sub('<p class="pdf">.*?</p>', "", page.read_text(encoding="utf-8"))
        foot = '<div class="extra_footer">'
        page.write_text(html.replace(foot, foot + link), encoding="utf-8")


def last_line(text):
    """Take the last line that says something."""
    return ([line for line in text.splitlines() if line.strip()] or ["it did not say why"])[-1]


def in_one_piece(edition):
    """Put the pages of an edition together, in the order of its contents.

    Returns
    -------
    str
        A page whose anchors are those of the single ones, after the page's name and two dashes.
    """
    front = BeautifulSoup((edition / "index.html").read_text(encoding="utf-8"), "html.parser")
    contents = front.select_one("nav.bd-links, .bd-links")
    links = [link["href"] for link in contents.select("a.reference.internal")]
    names = ["index", *(Path(urlsplit(link).path).stem for link in links if link != "#")]
    names = list(dict.fromkeys(names))
    articles = [article(edition / f"{name}.html", names) for name in names]
    listed = "".join(
        f"<li><p>{part.get_text(strip=True)}</p></li>" if part.name == "p" else entry(part)
        for part in contents.select("p.caption, li.toctree-l1")
    )
    licence = front.select_one(".extra_footer p:not(.pdf)")
    return PAGE.format(
        lang=front.html["lang"],
        title=front.select_one("meta[property='og:site_name']")["content"],
        description=front.select_one("meta[name=description]")["content"],
        styles="\n".join(map(str, front.select("link[rel=stylesheet]"))),
        licence=licence or "",
        contents=CONTENTS[edition.name],
        list=listed,
        articles="\n".join(articles),
        font=FONT.as_uri(),
    )


def entry(item):
    """Write one line of the contents."""
    link = item.a
    stem = "index" if link["href"] == "#" else Path(urlsplit(link["href"]).path).stem
    return f'<li><a href="#{stem}">{link.get_text(strip=True)}</a></li>'


def article(path, names):
    """Take a page's article, with anchors and links as they are in the whole."""
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    body = soup.article
    for tag in body.select("script, button, .headerlink, .toctree-wrapper, .toggle-button"):
        tag.decompose()
    for tag in body.find_all(id=True):
        tag["id"] = f"{path.stem}--{tag['id']}"
    for tag in body.find_all("a", href=True):
        target = urlsplit(tag["href"])
        stem = Path(target.path).stem or path.stem
        if re.match(r"\w+:", tag["href"]):
            continue
        if target.path.startswith("_images/"):
            tag.unwrap()  # it would enlarge the figure
        elif stem in names:
            anchor = f"--{unquote(target.fragment)}" if target.fragment else ""
            tag["href"] = f"#{stem}{anchor}"
    for image in body.find_all("img"):
        del image["loading"]
    for details in body.find_all("details"):
        details["open"] = ""
    body["id"] = path.stem
    return str(body)


if __name__ == "__main__":
    main()

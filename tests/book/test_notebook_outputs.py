"""The notebooks' tests compare every stored output, pictures included."""

import base64
import io
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from tools import notebooks
from tools.text.canonical import canonical, write

ROOT = Path(__file__).resolve().parents[2]
FIGURE = """\
import matplotlib.pyplot as plt

plt.figure(figsize=(1, 1))
plt.plot([1, 2])
print(0.2297)"""


def test_a_changed_digit_or_pixel_fails_but_other_compression_does_not(tmp_path):
    sound = tmp_path / "sound.ipynb"
    write(sound, canonical(new_notebook(cells=[new_code_cell(FIGURE, id="figure")])))
    write(sound, notebooks.execute(sound))

    def variant(name, change):
        notebook = nbformat.read(sound, as_version=4)
        change(notebook.cells[0].outputs)
        write(tmp_path / f"{name}.ipynb", canonical(notebook))

    variant("digit", lambda outputs: outputs[0].update(text="0.2279\n"))
    variant("pixel", lambda outputs: repaint(outputs[1].data, (0, 0, 0, 255)))
    variant("compression", lambda outputs: repaint(outputs[1].data, None))
    shutil.copy(ROOT / "chapters" / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-rA", "--nbval", "--nbval-current-env"]
    command += ["-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "."]
    printed = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    for name, outcome in [
        ("sound", "PASSED"), ("compression", "PASSED"), ("digit", "FAILED"), ("pixel", "FAILED")
    ]:  # fmt: skip
        assert f"{outcome} {name}.ipynb::Cell 0" in printed


def repaint(data, colour):
    """Store a picture again, without compression, one pixel of it in another colour."""
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    if colour:
        picture.putpixel((3, 3), colour)
    file = io.BytesIO()
    picture.save(file, "png", compress_level=0)
    stored = base64.b64encode(file.getvalue()).decode()
    assert stored != data["image/png"]
    data["image/png"] = stored

"""The interactive figures answer to slider, touch and keyboard, with the library's numbers."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lrcourse import explorer, use_language

ROOT = Path(__file__).resolve().parents[3]


def shown_figures():
    """Find each kind of interactive figure in the English edition: page, number there, settings."""
    found = {}
    for path in sorted(ROOT.glob("chapters/en/*.ipynb")):
        outputs = [
            out.data[explorer.MIME]
            for cell in nbformat.read(path, 4).cells
            for out in cell.get("outputs", ())
            if explorer.MIME in out.get("data", {})
        ]
        for number, asked in enumerate(outputs):
            found.setdefault(asked["figure"], (path.stem, number, asked))
    return found


FIGURES = shown_figures()


def figure_on(tab_, kind, language="en"):
    """Open a figure on its page, and make the same by the library, in the page's language."""
    page, number, asked = FIGURES[kind]
    box = tab_.open(f"{language}/{page}.html").locator("[data-explorer]").nth(number)
    box.scroll_into_view_if_needed()
    box.locator(".explorer-live").wait_for()
    box.scroll_into_view_if_needed()
    use_language(language)
    figure = explorer.FIGURES[kind](**asked["settings"]).figure
    use_language("en")
    return box, figure


def expected(figure, state):
    """What the readouts should say, by the library."""
    texts = {
        control.name: control.data()["texts"][state[control.name]] for control in figure.controls
    }
    said = []
    for readout in figure.readouts:
        if holds(readout.when, state):
            text = readout.texts()[tuple(state[name] for name in readout.by)]
            said.append(re.sub(r"\{(\w+)\}", lambda field: texts[field[1]], str(text)))
    return said


def holds(when, state):
    return all(state[name] in np.atleast_1d(at) for name, at in when.items())


def said(box):
    return box.locator("dd:visible").all_text_contents()


def drawn(box):
    return box.locator(".explorer-panel path").evaluate_all(
        "paths => paths.map((path) => path.getAttribute('d')).join()"
    )


def field(box, control):
    return box.locator(f"[id$='-{control.name}']")


def sliders(figure, state):
    return [each for each in figure.controls if each.kind == "slider" and holds(each.when, state)]


def beginning(figure):
    return {control.name: control.start for control in figure.controls}


def test_every_kind_of_figure_is_shown():
    assert FIGURES.keys() == explorer.FIGURES.keys()


@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_answers_to_keyboard_and_mouse_with_the_librarys_numbers(kind, tab):
    box, figure = figure_on(tab(), kind)
    state = beginning(figure)
    assert said(box) == expected(figure, state)
    press_keys(box, figure, state)
    box.page.reload()
    box.scroll_into_view_if_needed()
    box.locator(".explorer-live").wait_for()
    box.scroll_into_view_if_needed()
    state = beginning(figure)
    point_at_sliders(box, figure, state, touch=False)
    drag_in_panels(box, figure, state)
    if figure.pin:
        keep_lines(box, figure, state)
    if figure.play:
        play(box, figure)
    if figure.groups:
        hide_a_line(box)


def test_a_figure_answers_to_a_finger_on_a_phone_in_chinese(tab):
    box, figure = figure_on(tab(width=360, touch=True), "descent", "zh")
    use_language("zh")
    try:
        point_at_sliders(box, figure, beginning(figure), touch=True)
    finally:
        use_language("en")
    assert box.page.evaluate("document.scrollingElement.scrollWidth") <= 360


def press_keys(box, figure, state):
    """Try every choice, and the ends of every slider."""
    choices = [None, *(each for each in figure.controls if each.kind == "choice")]
    for choice in choices:
        for position in range(len(choice.texts)) if choice else [None]:
            if choice:
                if not holds(choice.when, state):
                    continue
                field(box, choice).select_option(index=position)
                state[choice.name] = position
                assert said(box) == expected(figure, state)
            for control in sliders(figure, state):
                pictures = set()
                last = len(control.texts) - 1
                for key, place in [("End", last), ("ArrowLeft", last - 1), ("Home", 0)]:
                    field(box, control).press(key)
                    state[control.name] = place
                    assert said(box) == expected(figure, state)
                    text = control.data()["texts"][place]
                    assert field(box, control).get_attribute("aria-valuetext") == text
                    pictures.add(drawn(box))
                assert len(pictures) > 1
                # Back to where it began: at the first of its steps no figure shows much.
                field(box, control).evaluate(BACK, control.start)
                state[control.name] = control.start


BACK = "(field, place) => { field.value = place; field.dispatchEvent(new Event('input')); }"


def point_at_sliders(box, figure, state, touch):
    for control in sliders(figure, state):
        slider = field(box, control)
        slider.scroll_into_view_if_needed()
        area = slider.bounding_box()
        for share in (0.8, 0.3):
            place = {"x": area["width"] * share, "y": area["height"] / 2}
            slider.tap(position=place) if touch else slider.click(position=place)
            position = int(slider.input_value())
            assert abs(position / (len(control.texts) - 1) - share) < 0.1 + 1 / len(control.texts)
            state[control.name] = position
            assert said(box) == expected(figure, state)


def drag_in_panels(box, figure, state):
    """The pointer takes a line along, or chooses a point."""
    visible = [panel for panel in figure.panels if holds(panel.when, state)]
    for number, panel in enumerate(visible):
        picks = [each for each in panel.series if each.pick and holds(each.when, state)]
        if not picks:
            continue
        paper = box.locator(".explorer-panel:visible").nth(number).locator(".explorer-paper")
        # Not under the page's header, which would take the pointer.
        paper.evaluate("paper => paper.scrollIntoView({ block: 'center', behavior: 'instant' })")
        box.page.wait_for_load_state("networkidle")
        box.page.wait_for_timeout(300)  # the page comes to rest
        area = paper.bounding_box()
        control = next(each for each in figure.controls if each.name == picks[0].pick)
        positions = set()
        mouse = box.page.mouse
        mouse.move(area["x"] + 0.2 * area["width"], area["y"] + 0.2 * area["height"])
        mouse.down()
        for share in (0.2, 0.5, 0.8):
            mouse.move(area["x"] + share * area["width"], area["y"] + share * area["height"])
            if picks[0].style != "cursor":  # points are chosen one by one
                mouse.up()
                mouse.down()
            shown = field(box, control).evaluate("field => field.selectedIndex ?? field.value")
            state[control.name] = int(shown)
            assert said(box) == expected(figure, state)
            positions.add(int(shown))
        mouse.up()
        assert len(positions) > 1


def keep_lines(box, figure, state):
    buttons = box.locator(".explorer-pinning button")
    buttons.nth(0).click()
    kept = box.locator(".explorer-kept path")
    assert any(kept.evaluate_all("paths => paths.map((path) => path.getAttribute('d'))"))
    first = sliders(figure, state)[0]
    assert first.data()["label"] in box.locator(".explorer-pins").text_content()
    buttons.nth(1).click()
    assert kept.count() == 0


def play(box, figure):
    control = next(each for each in figure.controls if each.name == figure.play)
    field(box, control).press("Home")
    box.locator(".explorer-play").click()
    box.page.wait_for_function(
        "slider => slider.value >= 2", arg=field(box, control).element_handle()
    )
    box.locator(".explorer-play").click()


def hide_a_line(box):
    before = box.locator(".explorer-panel g:visible").count()
    box.locator(".explorer-legend input:visible").first.uncheck()
    assert box.locator(".explorer-panel g:visible").count() < before


def test_without_scripts_or_frames_there_is_a_picture(browser, served, tab):
    page, _, _ = FIGURES["descent"]
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(f"{served}en/{page}.html")
    picture = still.locator("[data-explorer] img").first
    picture.scroll_into_view_if_needed()
    assert picture.is_visible()
    assert picture.get_attribute("alt")
    context.close()
    opened = tab()
    opened.page.route("**/explorer/*.js", lambda route: route.abort())
    shown = opened.open(f"en/{page}.html")
    shown.locator("[data-explorer]").first.scroll_into_view_if_needed()
    shown.locator(".explorer-failed img").first.wait_for()


LIVE = """async (source) => {
  const { default: widget } = await import(source);
  const traits = { data: {}, settings: { steps: 40 }, problem: "", wanted: false };
  const heard = {};
  const el = document.body.appendChild(document.createElement("div"));
  const sent = [];
  widget.render({ el, model: {
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; },
    save_changes: () => sent.push(structuredClone(traits)),
    on: (event, call) => { heard[event] = call; },
  } });
  globalThis.arrive = (name, value) => { traits[name] = value; heard[`change:${name}`](); };
  globalThis.sent = sent;
}"""


def test_in_a_live_notebook_a_setting_asks_the_kernel(tab, served):
    """The module as anywidget loads it, with a model in the kernel's place."""
    page = tab().open("en/01-what-is-a-learning-rate.html")
    source = explorer.STATIC.joinpath("explorer.js").read_text("utf-8")
    address = page.evaluate(
        "text => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))", source
    )
    page.evaluate(LIVE, address)
    assert page.evaluate("sent.at(-1).wanted") is True
    widget = explorer.live_widget(explorer.descent())
    widget.wanted = True
    page.evaluate("data => arrive('data', data)", widget.data)
    live = page.locator("body > div").last
    assert live.locator("dd").count() == 3
    live.get_by_label("steps", exact=True).fill("12")
    live.get_by_label("steps", exact=True).press("Enter")
    settings = page.evaluate("sent.at(-1).settings")
    assert settings["steps"] == 12
    widget.settings = {**widget.settings, "steps": -1}
    page.evaluate("text => arrive('problem', text)", widget.problem)
    assert "steps" in live.get_by_role("alert").text_content()

// One interactive figure: draws what Python computed (lrcourse/explorer/parts.py) for the
// position of each control. A module for live notebooks (anywidget); the website loads the same
// text as a plain script, which also runs from a folder.

const SIDE = 1000; // a panel's coordinates run from 0 to SIDE, to the right and downwards
const MARGIN = { left: 44, right: 8, top: 6, bottom: 34 };
const WIDTH = 310;
const KEPT = ["#d98c00", "#009e73", "#cc79a7", "#8c564b", "#56b4e9"]; // one after the other
const MARK = 9; // half the width of a circle or triangle

let figures = 0; // so that labels can name their controls, however many figures a page has

function element(tag, attributes = {}, ...children) {
  const made = ["svg", "path", "text", "g", "line", "rect"].includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// Python packs whole numbers as differences in one text; a gap in a line is an empty place.
function unpack({ shape, values }) {
  const length = shape.at(-1);
  let last = 0;
  const numbers = values.split(" ").map((text, i) => {
    if (i % length === 0) last = 0;
    const gap = text === "";
    last = gap ? 0 : last + Number(text);
    return gap ? null : last;
  });
  return { shape, numbers };
}

// The points of an array for the positions of the controls that its leading axes belong to.
function points({ shape, numbers }, by, state) {
  const length = shape.at(-1);
  if (shape.length === 1) return numbers;
  const row = by.reduce((sum, name, axis) => sum * shape[axis] + state[name], 0);
  return numbers.slice(row * length, (row + 1) * length);
}

const colouring = (group) => (group?.colour ? { style: `--explorer-colour: ${group.colour}` } : {});
const holds = (when, state) => Object.entries(when).every(([name, at]) => at.includes(state[name]));

function outline(series, state) {
  const { by, style, upto, aspect } = series;
  const [x, y, low, high] = ["x", "y", "low", "high"].map(
    (name) => series[name] && points(series[name], by, state)
  );
  if (style === "cursor") return { line: `M${x[0]} 0V${SIDE}`, dots: "" };
  const count = Math.min(Math.max(x.length, y.length), upto ? state[upto] + 1 : Infinity);
  let line = "", dots = "", pen = "M";
  for (let i = 0; i < count; i++) {
    if (x[i] == null || y[i] == null) { pen = "M"; continue; }
    if (style === "circles") line += `M${x[i] - MARK} ${y[i]}a${MARK} ${MARK / aspect} 0 1 0 ${2 * MARK} 0a${MARK} ${MARK / aspect} 0 1 0 ${-2 * MARK} 0`;
    else if (style === "triangles") line += `M${x[i]} ${y[i] - 1.2 * MARK / aspect}l${MARK} ${2 * MARK / aspect}h${-2 * MARK}z`;
    else if (style === "interval") line += `M${x[i]} ${low[i]}V${high[i]}`;
    else line += pen === "M" ? `M${x[i]} ${y[i]}h0` : `L${x[i]} ${y[i]}`; // a point by itself shows
    const dot = `M${x[i]} ${y[i]}h0`;
    dots = style === "trail" ? dot : dots + dot;
    pen = "L";
  }
  if (["line", "contour", "circles", "triangles"].includes(style)) dots = "";
  if (style === "points") line = "";
  return { line, dots };
}

// The place among a series' points, or a cursor's places, that is nearest to the pointer.
function nearest(series, state, at) {
  const [x, y] = ["x", "y"].map((name) => series[name] && points(series[name], series.by, state));
  const places = series.style === "cursor" ? series.x.numbers : x;
  let best = 0, least = Infinity;
  places.forEach((place, i) => {
    const distance = Math.hypot(place - at.x, y ? y[i] - at.y : 0);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

// Draw a figure into `root`; `live` has what a kernel can do: settings, and how to change them.
function show(data, root, live) {
  const id = `explorer-${++figures}`;
  const state = Object.fromEntries(data.controls.map(({ name, start }) => [name, start]));
  const hidden = new Set();
  const pins = [];
  const say = data.words;
  const parts = []; // functions that bring a part of the figure up to date
  let playing = 0;

  function update() {
    for (const part of parts) part();
  }
  function set(name, position) {
    const { texts } = data.controls.find((control) => control.name === name);
    state[name] = Math.max(0, Math.min(texts.length - 1, position));
    update();
  }

  function controlOf(control) {
    const { name, label, texts, kind, marks } = control;
    const field = `${id}-${name}`;
    const title = element("label", { for: field }, label);
    const box = element("div", { class: `explorer-control explorer-${kind}` }, title);
    if (kind === "choice") {
      const select = element(
        "select", { id: field, onchange: () => set(name, select.selectedIndex) },
        ...texts.map((text) => element("option", {}, text))
      );
      box.append(select);
      parts.push(() => { box.hidden = !holds(control.when, state); select.selectedIndex = state[name]; });
      return box;
    }
    const last = texts.length - 1;
    const value = element("output", { for: field });
    const range = element("input", {
      type: "range", id: field, min: 0, max: last, step: 1,
      oninput: () => set(name, Number(range.value)),
    });
    const step = (by, sign, what) => element(
      "button", { type: "button", "aria-label": `${label}: ${what}`, onclick: () => set(name, state[name] + by) }, sign
    );
    const scale = element("div", { class: "explorer-marks", "aria-hidden": "true" });
    for (const mark of marks) {
      const tick = element("button", { type: "button", tabindex: -1, onclick: () => set(name, Math.round(mark.at)) }, mark.text);
      tick.style.left = `${(100 * mark.at) / last}%`;
      parts.push(() => { tick.hidden = !holds(mark.when, state); });
      scale.append(tick);
    }
    const track = element("div", { class: "explorer-track" }, range, scale);
    title.append(" ", value);
    box.append(step(-1, "−", say.previous), track, step(1, "+", say.next));
    if (name === data.play) box.append(playOf(control));
    parts.push(() => {
      box.hidden = !holds(control.when, state);
      range.value = state[name];
      range.setAttribute("aria-valuetext", texts[state[name]]);
      value.textContent = texts[state[name]];
    });
    return box;
  }

  function playOf({ name, texts }) {
    const button = element("button", { type: "button", class: "explorer-play", onclick: toggle }, say.play);
    function stop() {
      clearInterval(playing);
      playing = 0;
      button.textContent = say.play;
    }
    function toggle() {
      if (playing) return stop();
      if (state[name] === texts.length - 1) set(name, 0);
      button.textContent = say.stop;
      playing = setInterval(() => {
        if (!root.isConnected || state[name] === texts.length - 1) stop();
        else set(name, state[name] + 1);
      }, 90);
    }
    return button;
  }

  function panelOf(panel) {
    const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: 0 };
    inner.height = Math.round(inner.width * panel.height);
    const height = inner.height + MARGIN.top + MARGIN.bottom;
    const plot = element("svg", {
      x: MARGIN.left, y: MARGIN.top, ...inner, viewBox: `0 0 ${SIDE} ${SIDE}`, preserveAspectRatio: "none",
    });
    plot.append(element("rect", { width: SIDE, height: SIDE, class: "explorer-paper" }));
    const picture = element("svg", {
      viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `${panel.title}: ${panel.y.label}, ${panel.x.label}`,
    }, plot);
    for (const [at, text] of panel.x.ticks) {
      plot.append(element("path", { d: `M${at} 0V${SIDE}`, class: "explorer-grid" }));
      const x = MARGIN.left + (at / SIDE) * inner.width;
      picture.append(element("text", { x, y: height - MARGIN.bottom + 14, "text-anchor": "middle" }, text));
    }
    for (const [at, text] of panel.y.ticks) {
      plot.append(element("path", { d: `M0 ${SIDE - at}H${SIDE}`, class: "explorer-grid" }));
      const y = MARGIN.top + (1 - at / SIDE) * inner.height + 4;
      picture.append(element("text", { x: MARGIN.left - 5, y, "text-anchor": "end" }, text));
    }
    picture.append(
      element("text", { x: MARGIN.left + inner.width / 2, y: height - 4, "text-anchor": "middle" }, panel.x.label),
      element("text", { x: 0, y: 0, "text-anchor": "middle", transform: `translate(10 ${MARGIN.top + inner.height / 2}) rotate(-90)` }, panel.y.label)
    );
    const kept = element("g", { class: "explorer-kept" });
    plot.append(kept);
    for (const series of panel.series) {
      for (const name of ["x", "y", "low", "high"]) if (series[name]) series[name] = unpack(series[name]);
      series.aspect = panel.height; // a panel's coordinates are stretched by it
      const line = element("path", { class: `explorer-${series.style}` });
      const dots = element("path", { class: "explorer-dots" });
      const drawn = element("g", colouring(data.groups[series.group]), line, dots);
      plot.append(drawn);
      parts.push(() => {
        const seen = holds(series.when, state) && !hidden.has(series.group);
        drawn.style.display = seen ? "" : "none";
        const fixed = !series.by.length && !series.upto;
        if (!seen || (fixed && line.hasAttribute("d"))) return;
        const outlined = outline(series, state);
        line.setAttribute("d", outlined.line);
        dots.setAttribute("d", outlined.dots);
      });
    }
    const picked = panel.series.filter(({ pick }) => pick);
    if (picked.length) follow(plot, picked);
    const box = element("div", { class: "explorer-panel" }, element("p", {}, panel.title), picture);
    parts.push(() => {
      box.hidden = !holds(panel.when, state);
      if (kept.childElementCount !== pins.length) {
        kept.replaceChildren(...pins.map((pin) => element("path", { d: pin.outlines.get(panel) ?? "", ...colouring(pin) })));
      }
    });
    return box;
  }

  // A cursor is dragged, a point is chosen by a tap.
  function follow(plot, all) {
    const paper = plot.querySelector(".explorer-paper"); // the plot's box grows with its lines
    plot.classList.add(all.some(({ style }) => style === "cursor") ? "explorer-drag" : "explorer-pick");
    function move(event) {
      const series = all.find(({ when }) => holds(when, state));
      if (!series) return;
      const box = paper.getBoundingClientRect();
      const at = { x: ((event.clientX - box.left) / box.width) * SIDE, y: ((event.clientY - box.top) / box.height) * SIDE };
      set(series.pick, nearest(series, state, at));
    }
    plot.addEventListener("pointerdown", (event) => {
      move(event);
      if (plot.classList.contains("explorer-drag")) plot.setPointerCapture(event.pointerId);
    });
    plot.addEventListener("pointermove", (event) => {
      if (plot.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  function legendOf(group, number) {
    const box = element("input", {
      type: "checkbox", checked: true,
      onchange: () => { box.checked ? hidden.delete(number) : hidden.add(number); update(); },
    });
    const label = element("label", colouring(group), box, element("span", { class: "explorer-swatch" }), group.label);
    const users = data.panels.flatMap((panel) =>
      panel.series.filter((series) => series.group === number).map((series) => [panel, series])
    );
    parts.push(() => {
      label.hidden = !users.some(([panel, series]) => holds(panel.when, state) && holds(series.when, state));
    });
    return label;
  }

  function readoutOf(readout) {
    const texts = readout.values.split("\n");
    const value = element("dd");
    const box = element("div", {}, element("dt", {}, readout.label), value);
    parts.push(() => {
      box.hidden = !holds(readout.when, state);
      const place = readout.by.reduce((sum, name, axis) => sum * readout.shape[axis] + state[name], 0);
      value.textContent = texts[place].replace(/\{(\w+)\}/g, (_, name) =>
        data.controls.find((control) => control.name === name).texts[state[name]]
      );
    });
    return box;
  }

  function pinsOf() {
    const list = element("ul", { class: "explorer-pins", "aria-label": say.kept });
    function keep() {
      const outlines = new Map(data.panels.map((panel) => [
        panel,
        panel.series
          .filter(({ by, style, when, group }) => by.length && ["line", "path", "trail"].includes(style) && holds(when, state) && !hidden.has(group))
          .map((series) => outline(series, state).line).join(""),
      ]));
      const shown = data.controls.filter((control) => holds(control.when, state));
      const text = shown.map(({ label, texts, name }) => `${label} ${texts[state[name]]}`).join(", ");
      pins.push({ outlines, text, colour: KEPT[pins.length % KEPT.length] });
      update();
    }
    const clear = element("button", { type: "button", onclick: () => { pins.length = 0; update(); } }, say["remove the kept lines"]);
    parts.push(() => {
      clear.hidden = !pins.length;
      list.replaceChildren(...pins.map((pin) => element("li", colouring(pin), element("span", { class: "explorer-swatch" }), pin.text)));
    });
    return element("div", { class: "explorer-pinning" },
      element("button", { type: "button", onclick: keep }, say["keep these lines"]), clear, list);
  }

  function settingOf([name, value]) {
    const field = `${id}-setting-${name}`;
    const input = element("input", {
      id: field, value: JSON.stringify(value), onchange: send,
      onkeydown: ({ key }) => { if (key === "Enter") send(); }, // JupyterLab keeps the change from it
    });
    function send() {
      let given = input.value;
      try { given = JSON.parse(input.value); } catch { /* a word, as it stands */ }
      live.change({ ...live.settings, [name]: given });
    }
    return element("span", {}, element("label", { for: field }, element("code", {}, name)), input);
  }

  const controls = element("div", { class: "explorer-controls" }, ...data.controls.map(controlOf));
  // Where there is room for one control only, the one that was used last stays in sight.
  function hold(control) {
    for (const each of controls.children) each.classList.toggle("explorer-held", each === control);
  }
  for (const kind of ["input", "click"]) {
    controls.addEventListener(kind, ({ target }) => hold(target.closest(".explorer-control")));
  }
  hold(controls.querySelector(".explorer-control:has(.explorer-play)") ?? controls.querySelector(".explorer-slider"));

  root.replaceChildren(element("div", { class: "explorer-live", role: "group", "aria-label": data.about },
    element("p", { class: "explorer-about" }, data.about),
    controls,
    element("div", { class: "explorer-legend" }, ...data.groups.map(legendOf)),
    element("div", { class: "explorer-panels" },
      ...data.panels.map(panelOf), element("dl", { "aria-live": "polite" }, ...data.readouts.map(readoutOf))),
    ...(data.pin ? [pinsOf()] : []),
    ...(live ? [element("div", { class: "explorer-settings" }, ...Object.entries(live.settings).map(settingOf),
      element("span", { role: "alert" }, live.problem))] : [])
  ));
  update();
}

// Called by anywidget in a live notebook: the kernel computes when it is asked to.
function render({ model, el }) {
  el.classList.add("explorer");
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the keys for its own
  function draw() {
    const data = model.get("data");
    if (!data.panels) return;
    show(structuredClone(data), el, {
      settings: model.get("settings"),
      problem: model.get("problem"),
      change(settings) { model.set("settings", settings); model.save_changes(); },
    });
  }
  model.on("change:data", draw);
  model.on("change:problem", draw);
  model.set("wanted", true);
  model.save_changes();
  draw();
}

export default { render };

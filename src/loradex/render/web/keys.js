// The keyboard, the help, printing, and the start.
const KEYS = [
  ["← → ↑ ↓  or  H J K L", "walk"], ["Enter", "open the picture"], ["Esc", "close"],
  ["B", "without the LoRA while held; a tap keeps it"], ["P", "pin as A"],
  ["F", "flip to A, or to the last picture"], ["S", "split with A, or with the base"],
  ["+  −  0", "larger, smaller, fit"], ["[  ]", "previous, next page"], ["T", "swap across and down"],
  ["X  Shift+X", "hide the column, the row"], ["U", "show all that is hidden"], ["/", "filter"],
  ["C", "copy parameters"], ["D", "dark, light, as the system"], ["?", "this list"],
];
const WAYS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  k: [-1, 0], j: [1, 0], h: [0, -1], l: [0, 1],
};
const TAP = 300; // milliseconds; a key held longer than a tap lets go of what it showed
let heldSince = 0;

const HERE = {
  f: () => { if (viewer.open) flip(); else openAndFlip(); },
  p: pin, c: copy, s: () => { if (viewer.open) split(); }, t: swap, d: theme,
  "[": () => turn(-1), "]": () => turn(1), "?": openHelp, "/": () => finder.focus(),
  u: () => change(showAll), x: () => hideAt(state.x, 1), X: () => hideAt(state.y, 0),
  "+": () => larger(1.2), "=": () => larger(1.2), "-": () => larger(1 / 1.2), "_": () => larger(1 / 1.2),
  "0": () => { if (viewer.open) resetZoom(); else change(() => { state.tile = 0; }); },
};
const ONLY_IN_GRID = new Set(["t", "[", "]", "/", "u", "x", "X"]);

function larger(by) {
  if (viewer.open) zoomBy(by);
  else setTile(sheet.tile * by);
}

function openAndFlip() {
  const place = cursorPlace();
  if (place < 0) return;
  show(place);
  if (otherPlace() >= 0) flip();
}

/** Hide the value at the cursor of the innermost axis of a side. */
function hideAt(side, part) {
  const axis = side.at(-1);
  if (axis === undefined || !sheet.rows.length) return;
  const value = (part ? sheet.columns[cursor[1]] : sheet.rows[cursor[0]]).at(-1);
  change(() => setHidden(axis, value, true));
}

function theme() {
  const next = { "": "dark", dark: "light", light: "" };
  state.theme = next[state.theme];
  document.documentElement.dataset.theme = state.theme;
  say(state.theme ? `Colours: ${state.theme}` : "Colours as the system has them");
  saveHash();
}

function openHelp() {
  const panel = byId("help");
  const list = element("dl", { className: "keys" });
  for (const [keys, words] of KEYS) {
    const shown = keys.split(/\s+/).map((key) => (key === "or" ? " or " : element("kbd", {}, key)));
    list.append(element("dt", {}, ...shown), element("dd", {}, words));
  }
  const close = quiet("✕", "Close", () => panel.close(), { className: "quiet close" });
  close.setAttribute("aria-label", "Close");
  panel.replaceChildren(element("div", { className: "bar" }, element("h2", {}, "Keys"), close), list,
    element("p", {}, "The address of this page keeps what is shown, so that it can be bookmarked. "
      + "In the picture: wheel or pinch to zoom, click for full size, drag to move."));
  if (!panel.open) panel.showModal();
}

function isTyping(target) {
  return target.matches?.("input[type=search], textarea, select") ?? false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isPanel = byId("values").open || byId("help").open;
  if (isTyping(event.target)) {
    if (event.key === "Escape" && event.target === finder) leaveFilter();
    return;
  }
  if (isPanel) return;
  const name = event.key.length === 1 && event.key !== "X" ? event.key.toLowerCase() : event.key;
  if (name === "b") pressBase(event);
  else if (WAYS[name] && event.target !== splitter) walk(WAYS[name]);
  else if (HERE[name] && !(viewer.open && ONLY_IN_GRID.has(name))) HERE[name]();
  else return;
  event.preventDefault();
});

function walk(way) {
  if (viewer.open) walkOpen(...way);
  else if (!canvas.contains(document.activeElement)) setCursor(...cursor);
  else walkTo(...way);
}

function leaveFilter() {
  if (finder.value) {
    setFilter("");
    change(() => {});
  } else if (sheet.rows.length) setCursor(...cursor);
}

function pressBase(event) {
  if (event.repeat || baseCells.size === 0) return;
  heldSince = state.isBased ? -1 : performance.now();
  setBased(!state.isBased);
}

document.addEventListener("keyup", (event) => {
  if (event.key.toLowerCase() !== "b" || heldSince === 0) return;
  if (heldSince > 0 && performance.now() - heldSince > TAP) setBased(false);
  heldSince = 0;
});

// A key that is let go in another window is never heard of.
addEventListener("blur", () => {
  if (heldSince > 0) setBased(false);
  heldSince = 0;
});

// ---- on paper: a plain table of all that is shown --------------------------------------------------
addEventListener("beforeprint", () => {
  const paper = byId("print");
  const head = element("tr", {}, element("th"));
  sheet.columns.forEach((column) => head.append(element("th", {}, named(state.x, column))));
  const body = element("tbody");
  for (const row of sheet.rows) {
    const line = element("tr", {}, element("th", {}, named(state.y, row)));
    for (const column of sheet.columns) line.append(element("td", {}, printed(placeAt(row, column))));
    body.append(line);
  }
  paper.replaceChildren(element("table", {}, element("thead", {}, head), body));
});
addEventListener("afterprint", () => byId("print").replaceChildren());

function named(side, values) {
  return side.map((axis, level) => label(axis, values[level])).join(" · ");
}

function printed(place) {
  const cell = places[place] >= 0 ? seenAt(place) : {};
  return cell.small ? element("img", { src: cell.small, alt: "" }) : (cell.error ?? "–");
}

// ---- start ------------------------------------------------------------------------------------------
function start() {
  const open = loadHash();
  about();
  draw();
  tools();
  if (open >= 0) show(open);
}

for (const panel of [byId("values"), byId("help")]) {
  panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); });
}
addEventListener("hashchange", () => {
  if (location.hash === stateAsHash()) return;
  if (viewer.open) viewer.close();
  start();
});
NARROW.addEventListener("change", () => draw());
// The whole files stand behind this script: what needs one may have been drawn before it was read.
document.addEventListener("DOMContentLoaded", () => {
  redress();
  if (viewer.open) look();
});
start();

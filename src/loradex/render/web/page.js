"use strict";
// Lays out the grid from the data block. Text only ever becomes text nodes, never markup.
const data = JSON.parse(document.getElementById("data").textContent);
const AXES = {
  strength: { name: "Strength", values: data.strengths.map((s) => (s === 0 ? "0 (base)" : String(s))) },
  prompt: { name: "Prompt", values: data.prompts.map((p) => p || "(no words)") },
  seed: { name: "Seed", values: data.seeds },
  lora: { name: "LoRA", values: data.loras },
};
const ORDER = ["lora", "prompt", "seed", "strength"];
const BASE = data.strengths.indexOf(0);
const state = { columns: "strength", rows: "prompt", fixed: {}, tile: 200, theme: "" };
let lines = []; // the places on screen: one list per row
let open = null; // [row, column] of the open picture
let flipped = false;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function cellAt(place) {
  const { lora, strength, prompt, seed } = place;
  const at = ((lora * data.strengths.length + strength) * data.prompts.length + prompt)
    * data.seeds.length + seed;
  return data.cells[data.places[at]];
}

function remaining() {
  return ORDER.filter((axis) => axis !== state.columns && axis !== state.rows);
}

function indices(axis) {
  return [...AXES[axis].values.keys()];
}

function shownIndices(axis) {
  const chosen = state.fixed[axis];
  return chosen === undefined || chosen === "all" ? indices(axis) : [Number(chosen)];
}

// ---- the grid ---------------------------------------------------------------------------------
function draw() {
  document.documentElement.style.setProperty("--tile", `${state.tile}px`);
  const [outer, inner] = remaining();
  const head = element("tr", {}, element("td"));
  for (const column of indices(state.columns)) {
    head.append(element("th", { scope: "col" }, AXES[state.columns].values[column]));
  }
  const body = element("tbody");
  lines = [];
  for (const block of shownIndices(outer)) {
    for (const row of indices(state.rows)) {
      shownIndices(inner).forEach((part, number) => {
        body.append(line({ [outer]: block, [state.rows]: row, [inner]: part }, number === 0));
      });
    }
  }
  const grid = document.getElementById("grid");
  grid.replaceChildren(element("table", {}, element("thead", {}, head), body));
}

function line(fixed, isFirst) {
  const number = lines.length;
  const heading = element("th", { scope: "row" });
  if (isFirst) heading.append(element("div", { className: "words" }, label(state.rows, fixed)));
  for (const axis of remaining()) {
    if (AXES[axis].values.length > 1) {
      const words = `${AXES[axis].name} ${label(axis, fixed)}`;
      heading.append(element("div", { className: "note" }, words));
    }
  }
  const row = element("tr", { className: isFirst ? "first" : "" }, heading);
  const places = indices(state.columns).map((column) => ({ ...fixed, [state.columns]: column }));
  lines.push(places);
  places.forEach((place, column) => row.append(element("td", {}, tile(place, number, column))));
  return row;
}

function label(axis, place) {
  return AXES[axis].values[place[axis]];
}

function tile(place, row, column) {
  const cell = cellAt(place);
  const words = ORDER.map((axis) => `${AXES[axis].name} ${label(axis, place)}`).join(", ");
  const button = element("button", { type: "button", className: "tile", title: words });
  button.dataset.at = `${row},${column}`;
  if (cell.small) button.append(element("img", { src: cell.small, alt: words, loading: "lazy" }));
  else {
    button.classList.add("failed");
    button.append(cell.error);
  }
  button.addEventListener("click", () => show(row, column));
  return button;
}

// ---- one picture ------------------------------------------------------------------------------
const viewer = document.getElementById("viewer");
const stage = document.getElementById("stage");
const flipButton = document.getElementById("flip");

function show(row, column) {
  open = [row, column];
  const place = lines[row][column];
  const based = flipped && BASE >= 0;
  const seen = based ? { ...place, strength: BASE } : place;
  const cell = cellAt(seen);
  stage.replaceChildren(picture(cell, seen));
  stage.append(element("div", { className: "badge" },
    based ? "base" : `strength ${label("strength", place)}`));
  flipButton.setAttribute("aria-pressed", String(based));
  flipButton.hidden = BASE < 0;
  const list = document.getElementById("facts");
  list.replaceChildren();
  for (const axis of ["lora", "strength", "prompt", "seed"]) {
    list.append(element("div", {}, element("dt", {}, AXES[axis].name),
      element("dd", {}, label(axis, seen))));
  }
  if (cell.seconds) {
    list.append(element("div", {}, element("dt", {}, "Drawn in"),
      element("dd", {}, `${cell.seconds} s`)));
  }
  document.getElementById("parameters").textContent = cell.parameters || "";
  const file = document.getElementById("file");
  file.hidden = !cell.file;
  if (cell.file) file.href = cell.file;
  if (!viewer.open) viewer.showModal();
}

function picture(cell, place) {
  if (!cell.small) return element("div", { className: "failed" }, cell.error);
  const shown = element("img", { src: cell.full || cell.file || cell.small,
    alt: `Strength ${label("strength", place)}` });
  // The page may have been moved away from the pictures: show the small one then.
  shown.addEventListener("error", () => { shown.src = cell.small; }, { once: true });
  return shown;
}

function walk(down, right) {
  const [row, column] = open;
  const next = [Math.min(Math.max(row + down, 0), lines.length - 1),
    Math.min(Math.max(column + right, 0), lines[0].length - 1)];
  show(...next);
}

function flip() {
  if (BASE < 0) return;
  flipped = !flipped;
  if (open) show(...open);
}

async function copy() {
  const text = document.getElementById("parameters").textContent;
  const button = document.getElementById("copy");
  const before = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById("parameters"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  button.replaceChildren("Copied");
  setTimeout(() => button.replaceChildren(...before), 1200);
}

function closed() {
  const place = open;
  open = null;
  flipped = false;
  if (place) document.querySelector(`[data-at="${place}"]`)?.focus();
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (open) {
    if (arrow) walk(...arrow);
    else if (event.key === "b" || event.key === "B") flip();
    else if (event.key === "c" || event.key === "C") copy();
    else return;
    event.preventDefault();
    return;
  }
  const at = document.activeElement?.dataset?.at;
  if (arrow && at) {
    const [row, column] = at.split(",").map(Number);
    document.querySelector(`[data-at="${row + arrow[0]},${column + arrow[1]}"]`)?.focus();
    event.preventDefault();
  }
});
flipButton.addEventListener("click", flip);
document.getElementById("copy").addEventListener("click", copy);
document.getElementById("close").addEventListener("click", () => viewer.close());
viewer.addEventListener("close", closed);
stage.addEventListener("click", (event) => { if (event.target === stage) viewer.close(); });

// ---- controls ---------------------------------------------------------------------------------
function choice(name, options, value, onChange) {
  const select = element("select");
  for (const [key, words] of options) {
    select.append(element("option", { value: key }, words.length > 60 ? `${words.slice(0, 59)}…` : words));
  }
  select.value = String(value);
  select.addEventListener("change", () => { onChange(select.value); controls(); draw(); });
  return element("label", {}, name, select);
}

function setAxis(which, axis) {
  const other = which === "rows" ? "columns" : "rows";
  if (state[other] === axis) state[other] = state[which];
  state[which] = axis;
}

function controls() {
  const axes = ORDER.map((axis) => [axis, AXES[axis].name]);
  const form = document.getElementById("controls");
  form.replaceChildren(
    choice("Columns", axes, state.columns, (axis) => setAxis("columns", axis)),
    choice("Rows", axes, state.rows, (axis) => setAxis("rows", axis)),
  );
  for (const axis of remaining()) {
    if (AXES[axis].values.length > 1) {
      const options = [["all", "all"], ...AXES[axis].values.map((value, at) => [String(at), value])];
      form.append(choice(AXES[axis].name, options, state.fixed[axis] ?? "all",
        (value) => { state.fixed[axis] = value; }));
    }
  }
  const size = element("input", { type: "range", min: "80", max: "512", step: "8" });
  size.value = String(state.tile);
  size.addEventListener("input", () => {
    state.tile = Number(size.value);
    document.documentElement.style.setProperty("--tile", `${state.tile}px`);
  });
  form.append(element("label", {}, "Size", size));
  const themes = [["", "as the system"], ["light", "light"], ["dark", "dark"]];
  form.append(choice("Colours", themes, state.theme, (value) => {
    state.theme = value;
    document.documentElement.dataset.theme = value;
  }));
}

document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
document.documentElement.style.setProperty("--shape", `${data.width} / ${data.height}`);
if (data.prompts.length === 1 && data.seeds.length > 1) state.rows = "seed";
controls();
draw();

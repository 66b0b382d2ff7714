"use strict";
// What is in the grid and what is asked to be shown. Text only ever becomes text nodes, not markup.
const data = JSON.parse(document.getElementById("data").textContent);
const { axes, places, bases, cells } = data;
const strides = axes.map((_, axis) =>
  axes.slice(axis + 1).reduce((product, later) => product * later.values.length, 1));
cells.forEach((cell, number) => { cell.number = number; });
const SMALLEST = 64;
const LARGEST = 1024;

// Which axes go across and down, outermost first; `at` is the value of those that do neither.
const state = {
  x: [], y: [], at: axes.map(() => 0), hidden: axes.map(() => new Set()),
  tile: 0, text: "", isBased: false, pinned: -1, theme: "",
};
let shownPlace = -1; // the place of the open picture
let filtered = null; // the places that the filter's words are in; null while there is no filter

function element(tag, properties = {}, ...children) {
  const { style, data: marks, aria, ...plain } = properties;
  const made = Object.assign(document.createElement(tag), plain);
  Object.assign(made.style, style);
  Object.assign(made.dataset, marks);
  for (const [name, value] of Object.entries(aria || {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function valueAt(place, axis) {
  return Math.floor(place / strides[axis]) % axes[axis].values.length;
}

function placeOf(at) {
  return at.reduce((sum, value, axis) => sum + value * strides[axis], 0);
}

function label(axis, value) {
  return axes[axis].values[value] + (axes[axis].base.includes(value) ? " (base)" : "");
}

function cellAt(place) {
  return places[place] < 0 ? null : cells[places[place]];
}

/** The cell shown at a place: its own, or that without the LoRA while bases are shown. */
function seenAt(place) {
  return state.isBased && bases[place] >= 0 ? cells[bases[place]] : cellAt(place);
}

const baseCells = new Set(bases.filter((number) => number >= 0));

/** Whether a place's picture is a base and no label says so. */
function needsBadge(place) {
  return baseCells.has(places[place])
    && !axes.some((axis, number) => axis.base.includes(valueAt(place, number)));
}

function described(place) {
  return axes.map((axis, number) => `${axis.name}: ${label(number, valueAt(place, number))}`);
}

function roleOf(axis) {
  return state.x.includes(axis) ? "x" : state.y.includes(axis) ? "y" : "at";
}

/** Put an axis to the front of a side; what was there takes its place. */
function setPrimary(side, axis) {
  const list = state[side];
  const old = list.at(-1);
  if (old === axis) return;
  const role = roleOf(axis);
  if (role === "at") {
    if (old === undefined) list.push(axis);
    else list[list.length - 1] = axis;
    return;
  }
  const from = state[role].indexOf(axis);
  if (old === undefined) state[role].splice(from, 1);
  else state[role][from] = old;
  if (old === undefined) list.push(axis);
  else list[list.length - 1] = axis;
}

/** Nest an axis at the outside of a side, or ("at") show one value of it. */
function setRole(axis, role, value = state.at[axis]) {
  for (const side of ["x", "y"]) state[side] = state[side].filter((other) => other !== axis);
  if (role === "at") state.at[axis] = value;
  else state[role].unshift(axis);
}

function shownValues(axis) {
  return [...axes[axis].values.keys()].filter((value) => !state.hidden[axis].has(value));
}

function setHidden(axis, value, isHidden) {
  if (!isHidden) state.hidden[axis].delete(value);
  // Something of every axis stays, or the page would be empty.
  else if (shownValues(axis).length > 1) state.hidden[axis].add(value);
}

function hiddenCount() {
  return state.hidden.reduce((sum, hidden) => sum + hidden.size, 0);
}

const texts = [];
function textOf(place) {
  const cell = cellAt(place);
  texts[place] ??= [...described(place), cell.parameters, cell.error].join("\n").toLowerCase();
  return texts[place];
}

function setFilter(text) {
  state.text = text;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  filtered = words.length === 0 ? null : new Set();
  if (!filtered) return;
  for (let place = 0; place < places.length; place++) {
    if (places[place] >= 0 && words.every((word) => textOf(place).includes(word))) {
      filtered.add(place);
    }
  }
}

const isFound = (place) => filtered === null || filtered.has(place);

// ---- the address keeps what is shown -----------------------------------------------------------
function stateAsHash() {
  const parts = new URLSearchParams();
  if (state.x.length) parts.set("x", state.x.join("."));
  if (state.y.length) parts.set("y", state.y.join("."));
  const fixed = axes.map((_, axis) => axis).filter((axis) => roleOf(axis) === "at");
  if (fixed.length) parts.set("at", fixed.map((axis) => `${axis}-${state.at[axis]}`).join("."));
  const hidden = state.hidden.flatMap((values, axis) => [...values].map((value) => `${axis}-${value}`));
  if (hidden.length) parts.set("hide", hidden.join("."));
  if (state.tile) parts.set("tile", String(state.tile));
  if (state.text) parts.set("find", state.text);
  if (state.isBased) parts.set("base", "1");
  if (state.pinned >= 0) parts.set("pin", String(state.pinned));
  if (state.theme) parts.set("theme", state.theme);
  if (shownPlace >= 0) parts.set("open", String(shownPlace));
  return `#${parts}`;
}

let saving = 0;
function saveHash() {
  clearTimeout(saving);
  saving = setTimeout(() => history.replaceState(null, "", stateAsHash()), 120);
}

function placeNumber(text) {
  return /^\d{1,9}$/.test(text ?? "") && (places[Number(text)] ?? -1) >= 0 ? Number(text) : -1;
}

function pairs(text) {
  return (text ?? "").split(".").map((pair) => pair.split("-").map(Number))
    .filter(([axis, value]) => axes[axis]?.values[value] !== undefined);
}

/** Take the state from the address; whatever is not a number of ours is passed over. */
function loadHash() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const sides = { x: data.x, y: data.y };
  const taken = new Set();
  const isAsked = parts.has("x") || parts.has("y");
  for (const side of ["x", "y"]) {
    const asked = isAsked ? (parts.get(side) ?? "").split(".").filter(Boolean).map(Number) : sides[side];
    state[side] = asked.filter((axis) => axes[axis] && !taken.has(axis) && taken.add(axis));
  }
  state.at = axes.map(() => 0);
  for (const [axis, value] of pairs(parts.get("at"))) state.at[axis] = value;
  state.hidden = axes.map(() => new Set());
  for (const [axis, value] of pairs(parts.get("hide"))) setHidden(axis, value, true);
  const tile = Number(parts.get("tile"));
  state.tile = tile ? Math.round(clamp(tile, SMALLEST, LARGEST)) : 0;
  state.isBased = parts.get("base") === "1";
  state.pinned = placeNumber(parts.get("pin"));
  state.theme = ["light", "dark"].includes(parts.get("theme")) ? parts.get("theme") : "";
  document.documentElement.dataset.theme = state.theme;
  setFilter((parts.get("find") ?? "").slice(0, 200));
  return placeNumber(parts.get("open"));
}

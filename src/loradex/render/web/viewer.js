// One picture at a time: flip it with another, split the view between two, walk through the grid.
const viewer = byId("viewer");
const splitter = byId("split");
const view = { isFlipped: false, isSplit: false, last: -1 };

/** The place that the open picture is held against: the pinned one, else the last looked at. */
function otherPlace() {
  if (state.pinned >= 0 && state.pinned !== shownPlace) return state.pinned;
  return view.last >= 0 && view.last !== shownPlace ? view.last : -1;
}

/** What stands beside the open picture in a split view, as its cell and its name. */
function against() {
  if (state.pinned >= 0 && state.pinned !== shownPlace) {
    return [cellAt(state.pinned), `A · ${differing(state.pinned, shownPlace)}`];
  }
  if (bases[shownPlace] >= 0) return [cells[bases[shownPlace]], "base"];
  const other = otherPlace();
  return other < 0 ? null : [cellAt(other), differing(other, shownPlace)];
}

/** Say in what a place differs from another. */
function differing(place, other) {
  const words = axes.map((axis, number) => {
    const value = valueAt(place, number);
    return value === valueAt(other, number) ? "" : `${axis.name} ${label(number, value)}`;
  }).filter(Boolean).join(", ");
  return short(words || "the same", 70, false);
}

function show(place) {
  if (place !== shownPlace) {
    if (shownPlace >= 0) view.last = shownPlace;
    view.isFlipped = false;
  }
  shownPlace = place;
  if (!viewer.open) {
    stage.autofocus = true; // in the page itself it would apply, and complain, while that loads
    viewer.showModal();
    resetZoom();
  }
  look();
  saveHash();
}

/** Put the open picture, or what it is flipped to, on the stage with all that is told of it. */
function look() {
  const flipped = view.isFlipped ? otherPlace() : -1;
  const seen = flipped >= 0 ? flipped : shownPlace;
  const isBase = state.isBased && bases[seen] >= 0;
  const cell = isBase ? cells[bases[seen]] : cellAt(seen);
  const beside = view.isSplit ? against() : null;
  setStage(cell, beside?.[0] ?? null);
  const name = isBase ? "base" : flipped >= 0 ? differing(seen, shownPlace) : placeName(seen);
  byId("badge").replaceChildren(beside ? `${beside[1]}  |  ${name}` : name);
  splitter.hidden = !beside;
  tell(seen, cell, isBase);
  bar();
}

function placeName(place) {
  const shown = [...state.x, ...state.y].map((axis) => label(axis, valueAt(place, axis)));
  return short(shown.join("  ·  "), 80, false) || "the picture";
}

function tell(place, cell, isBase) {
  const list = byId("facts");
  const rows = axes.map((axis, number) => [axis.name, label(number, valueAt(place, number))]);
  if (isBase) rows.unshift(["Shown", "the same without the LoRA"]);
  if (cell.size) rows.push(["Picture", `${cell.size[0]} × ${cell.size[1]}, drawn in ${cell.seconds} s`]);
  list.replaceChildren(...rows.map(([name, text]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, text))));
  byId("parameters").textContent = cell.parameters ?? "";
  byId("copy").hidden = !cell.parameters;
  const file = byId("file");
  file.hidden = !cell.file;
  if (cell.file) file.href = cell.file;
}

/** The buttons beside the picture; one that has nothing to show is not there. */
function bar() {
  const key = (name) => element("kbd", {}, name);
  const button = (words, name, isOn, act) => {
    const made = element("button", { type: "button", className: "quiet", aria: { "aria-pressed": String(isOn) } },
      words, " ", key(name));
    made.addEventListener("click", act);
    return made;
  };
  const buttons = [];
  if (bases[shownPlace] >= 0 || state.isBased) {
    buttons.push(button("Base", "B", state.isBased, () => setBased(!state.isBased)));
  }
  if (otherPlace() >= 0) buttons.push(button("Flip", "F", view.isFlipped, flip));
  if (against()) buttons.push(button("Split", "S", view.isSplit, split));
  buttons.push(button("Pin", "P", state.pinned === shownPlace, pin));
  const close = element("button", { type: "button", className: "quiet close", aria: { "aria-label": "Close" } }, "✕");
  close.addEventListener("click", () => viewer.close());
  const focused = [...byId("bar").children].indexOf(document.activeElement);
  byId("bar").replaceChildren(...buttons, close);
  if (focused >= 0) byId("bar").children[Math.min(focused, buttons.length)].focus();
}

function setBased(isBased) {
  if (state.isBased === isBased) return;
  state.isBased = isBased;
  redress();
  tools();
  if (viewer.open) look();
  say(isBased ? "Without the LoRA" : "");
  saveHash();
}

function flip() {
  if (otherPlace() < 0) return say("Pin a picture with P, or look at two, to flip between them");
  view.isFlipped = !view.isFlipped;
  look();
}

function split() {
  if (!against()) return say("There is nothing to compare this picture with: pin one with P");
  view.isSplit = !view.isSplit;
  view.isFlipped = false;
  look();
}

function pin() {
  const place = viewer.open ? shownPlace : cursorPlace();
  if (place < 0) return;
  state.pinned = state.pinned === place ? -1 : place;
  say(state.pinned < 0 ? "Nothing is pinned" : "Pinned as A");
  redress();
  if (viewer.open) look();
  saveHash();
}

function cursorPlace() {
  const place = sheet.rows.length ? placeAt(sheet.rows[cursor[0]], sheet.columns[cursor[1]]) : -1;
  return places[place] >= 0 ? place : -1;
}

function walkOpen(down, right) {
  if (walkTo(down, right)) show(cursorPlace());
}

/** Go on to the next picture as one reads: along the row, then to the next one. */
function readOn(step) {
  const count = sheet.columns.length;
  let at = cursor[0] * count + cursor[1];
  do {
    at += step;
    if (at < 0 || at >= count * sheet.rows.length) return;
  } while (places[placeAt(sheet.rows[Math.floor(at / count)], sheet.columns[at % count])] < 0);
  setCursor(Math.floor(at / count), at % count, false);
  show(cursorPlace());
}

async function copy() {
  const cell = viewer.open ? null : seenAt(cursorPlace());
  const text = cell ? cell.parameters : byId("parameters").textContent;
  if (!text) return;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  say("Parameters copied");
}

/** Copy where the page may not use the clipboard, as from a file in some browsers. */
function copyBySelection(text) {
  const field = element("textarea", { value: text, className: "said" });
  (viewer.open ? viewer : document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

let saying = 0;
function say(words) {
  const box = byId("say");
  (viewer.open ? viewer : document.body).append(box);
  box.textContent = words;
  box.classList.toggle("seen", words !== "");
  clearTimeout(saying);
  saying = setTimeout(() => box.classList.remove("seen"), 1600);
}

function closed() {
  shownPlace = -1;
  view.isFlipped = view.isSplit = false;
  saveHash();
  if (sheet.rows.length) setCursor(...cursor);
}

viewer.addEventListener("close", closed);
byId("copy").addEventListener("click", copy);
byId("before").addEventListener("click", () => readOn(-1));
byId("after").addEventListener("click", () => readOn(1));

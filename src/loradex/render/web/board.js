// The grid on screen. Only what is in view, and a little around it, is in the document.
const board = byId("board");
const canvas = element("div", { className: "canvas" });
const heads = element("div", { className: "heads", aria: { role: "row" } });
const made = new Map(); // what is in the document, by its name
let cursor = [0, 0]; // the row and column that the keys walk from
board.setAttribute("role", "grid");
board.setAttribute("aria-label", "Pictures");

function draw() {
  const hadFocus = board.contains(document.activeElement);
  sheet = laidOut();
  const root = document.documentElement.style;
  root.setProperty("--tile", `${sheet.tile}px`);
  root.setProperty("--tile-height", `${sheet.height}px`);
  root.setProperty("--gutter", `${sheet.gutter}px`);
  root.setProperty("--above", `${sheet.above}px`);
  canvas.style.width = `${sheet.width}px`;
  canvas.style.height = `${sheet.bottom}px`;
  heads.style.height = `${sheet.head}px`;
  board.setAttribute("aria-rowcount", String(sheet.rows.length + 1));
  board.setAttribute("aria-colcount", String(sheet.columns.length + 1));
  made.clear();
  heads.replaceChildren(corner());
  canvas.replaceChildren(heads);
  heads.hidden = sheet.head === 0;
  const isEmpty = sheet.rows.length === 0;
  board.replaceChildren(isEmpty ? element("p", { className: "empty" }, emptyText()) : canvas);
  cursor = [clamp(cursor[0], 0, Math.max(sheet.rows.length - 1, 0)),
    clamp(cursor[1], 0, Math.max(sheet.columns.length - 1, 0))];
  fill();
  if (hadFocus) made.get(`tile ${cursor[0]} ${cursor[1]}`)?.focus({ preventScroll: true });
  saveHash();
}

function emptyText() {
  return state.text ? `No picture has “${state.text}” in it.` : "There is no picture here.";
}

function corner() {
  const box = element("div", { className: "corner", hidden: sheet.gutter === 0 });
  const down = state.y.at(-1);
  state.x.forEach((axis, level) => {
    const line = element("div", { className: "across" }, `${axes[axis].name} →`);
    line.style.height = `${sheet.heads[level]}px`;
    if (down !== undefined && level === state.x.length - 1) {
      line.classList.add(sheet.heads[level] > 40 ? "stacked" : "beside");
    }
    box.append(line);
  });
  if (down !== undefined) box.append(element("div", { className: "down" }, `${axes[down].name} ↓`));
  return box;
}

/** Make what came into view, and take away what left it. */
function fill() {
  if (!sheet || sheet.rows.length === 0) return;
  const spare = 320;
  const [top, left] = [board.scrollTop, board.scrollLeft];
  const rows = range(sheet.tops, sheet.above + sheet.height, top - spare, top + board.clientHeight + spare);
  const columns = range(sheet.lefts, sheet.tile, left - spare, left + board.clientWidth + spare);
  const wanted = new Map();
  for (const group of sheet.groups) {
    if (group.last >= columns[0] && group.first <= columns[1]) {
      wanted.set(`head ${group.level} ${group.first}`, () => head(group));
    }
  }
  sheet.bands.forEach((band, number) => {
    if (band.top > top - spare && band.top < top + board.clientHeight + spare) {
      wanted.set(`band ${number}`, () => bandOf(band));
    }
  });
  for (let row = rows[0]; row <= rows[1]; row++) {
    wanted.set(`row ${row}`, () => rowOf(row));
    for (let column = columns[0]; column <= columns[1]; column++) {
      wanted.set(`tile ${row} ${column}`, () => tileOf(row, column));
    }
  }
  // The tile that has the focus stays, or the keys would be lost when it is scrolled away.
  wanted.set(`row ${cursor[0]}`, () => rowOf(cursor[0]));
  wanted.set(`tile ${cursor[0]} ${cursor[1]}`, () => tileOf(...cursor));
  for (const [name, node] of made) {
    if (!wanted.has(name)) {
      node.remove();
      made.delete(name);
    }
  }
  for (const [name, make] of wanted) {
    if (!made.has(name)) made.set(name, make());
  }
}

/** The first and last of things at `starts`, each `size` long, that touch a stretch. */
function range(starts, size, from, to) {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] + size < from) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last + 1 < starts.length && starts[last + 1] <= to) last++;
  return [Math.min(low, starts.length - 1), Math.min(last, starts.length - 1)];
}

function head(group) {
  const isInner = group.level === state.x.length - 1;
  const words = label(group.axis, group.value);
  const box = element("div", {
    className: isInner ? "column" : "column group",
    title: words,
    aria: { role: "columnheader" },
    style: {
      left: `${sheet.lefts[group.first]}px`,
      top: `${sheet.heads.slice(0, group.level).reduce((sum, one) => sum + one, 0)}px`,
      width: `${sheet.lefts[group.last] + sheet.tile - sheet.lefts[group.first]}px`,
      height: `${sheet.heads[group.level]}px`,
    },
  });
  const lines = sheet.heads[group.level] > 40 ? 2 : 1;
  const width = isInner ? sheet.tile : Math.min(parseFloat(box.style.width), 420);
  const room = Math.floor((width - 12) / (isInner ? 8.2 : 10)) * lines;
  box.append(broken(words, room, axes[group.axis].isText));
  box.append(hider(group.axis, group.value));
  heads.append(box);
  return box;
}

/** A name cut in its middle, where it tells least; a sentence is left to the style sheet. */
function short(words, most, isText) {
  if (isText || words.length <= most) return words;
  const front = Math.ceil((most - 1) / 2);
  return `${words.slice(0, front)}…${words.slice(words.length - (most - 1 - front))}`;
}

/** A label that may break after the signs that part names. */
function broken(words, most, isText) {
  const box = element("span", { className: "words" });
  const parts = short(words, most, isText).split(/(?<=[_./-])/);
  parts.forEach((part, number) => box.append(...(number ? [element("wbr"), part] : [part])));
  return box;
}

function hider(axis, value) {
  const words = `Hide ${axes[axis].name} ${label(axis, value)}`;
  const button = element("button", { type: "button", className: "hide", title: words, tabIndex: -1 }, "✕");
  button.setAttribute("aria-label", words);
  button.addEventListener("click", () => change(() => setHidden(axis, value, true)));
  return button;
}

function bandOf({ row, top }) {
  const box = element("div", { className: "band", style: { top: `${top}px` }, aria: { role: "row" } });
  const words = element("div", { className: "inside", aria: { role: "rowheader" } });
  state.y.slice(0, -1).forEach((axis, level) => {
    const value = label(axis, row[level]);
    words.append(element("span", { className: "term", title: value },
      element("small", {}, axes[axis].name), short(value, 60, axes[axis].isText)));
  });
  box.append(words);
  canvas.append(box);
  return box;
}

function rowOf(number) {
  const row = sheet.rows[number];
  const box = element("div", {
    className: "row", style: { top: `${sheet.tops[number]}px` },
    aria: { role: "row", "aria-rowindex": String(number + 2) },
  });
  const axis = state.y.at(-1);
  if (axis !== undefined) {
    const words = label(axis, row.at(-1));
    const lines = Math.max(Math.floor((sheet.height - 8) / 20), 1);
    const most = Math.floor((sheet.gutter - 34) / 7.4) * Math.min(lines, 3);
    const shown = broken(words, sheet.isNarrow ? Infinity : most, axes[axis].isText);
    if (!sheet.isNarrow) shown.style.webkitLineClamp = String(lines);
    box.append(element("div", { className: "name", title: words, aria: { role: "rowheader" } },
      shown, hider(axis, row.at(-1))));
  }
  canvas.append(box);
  return box;
}

function tileOf(row, column) {
  const place = placeAt(sheet.rows[row], sheet.columns[column]);
  const at = { left: `${sheet.lefts[column]}px` };
  const line = made.get(`row ${row}`);
  if (places[place] < 0) {
    const gap = element("div", { className: "tile none", style: at, title: "Left out of this grid",
      aria: { role: "gridcell" } });
    line.append(gap);
    return gap;
  }
  const words = described(place);
  const tile = element("button", {
    type: "button", className: "tile", style: at, title: words.join("\n"),
    data: { place: String(place), row: String(row), column: String(column) },
    tabIndex: row === cursor[0] && column === cursor[1] ? 0 : -1,
    aria: { role: "gridcell", "aria-colindex": String(column + 2), "aria-label": words.join(", ") },
  });
  dress(tile, place);
  line.append(tile);
  return tile;
}

/** Put into a tile what is to be seen of its place now. */
function dress(tile, place) {
  const cell = seenAt(place);
  tile.classList.toggle("faint", !isFound(place));
  tile.classList.toggle("failed", Boolean(cell.error));
  tile.classList.toggle("missing", !cell.error && !cell.small);
  tile.classList.toggle("pinned", place === state.pinned);
  if (cell.small) {
    const old = tile.querySelector("img");
    const image = old ?? element("img", { alt: "", decoding: "async", draggable: false });
    showIn(image, cell, Math.max(sheet.tile, sheet.height));
    if (!old) tile.replaceChildren(image);
  } else {
    tile.replaceChildren(element("span", { className: "why" }, cell.error ?? "not drawn"));
  }
  tile.querySelectorAll(".mark").forEach((mark) => mark.remove());
  const mark = place === state.pinned ? "A" : needsBadge(place) ? "base" : "";
  if (mark) tile.append(element("span", { className: "mark" }, mark));
}

function redress() {
  board.classList.toggle("based", state.isBased);
  for (const tile of canvas.querySelectorAll("button.tile")) dress(tile, Number(tile.dataset.place));
}

/** Show a cell as sharp as `side` CSS pixels ask for (Infinity: as it is), small or full. */
function showIn(image, cell, side) {
  const longest = Math.max(...cell.size);
  const small = Math.min(data.small, longest);
  const isEnough = side !== Infinity && small * 1.25 >= Math.min(side * devicePixelRatio, longest);
  const source = isEnough ? cell.small : fullOf(cell);
  if (image.dataset.of === source.slice(0, 120) + source.length) return;
  image.dataset.of = source.slice(0, 120) + source.length;
  // The page may have been moved away from the pictures: the small one is always here.
  image.onerror = () => { image.onerror = null; image.src = cell.small; };
  image.src = source;
}

/** The address of a cell's whole file: inside the page, or beside it. */
function fullOf(cell) {
  const block = cell.full ? byId(`full-${cell.number}`) : null;
  return block ? `data:image/png;base64,${block.textContent}` : cell.file;
}

/** Change the state and draw anew; what is in the middle of the view stays there. */
function change(act) {
  const before = sheet;
  const ratio = before && [
    (board.scrollTop + board.clientHeight / 2) / Math.max(before.bottom, 1),
    (board.scrollLeft + board.clientWidth / 2) / Math.max(before.width, 1),
  ];
  act();
  tools();
  draw();
  if (ratio && (board.scrollTop || board.scrollLeft)) {
    board.scrollTop = ratio[0] * sheet.bottom - board.clientHeight / 2;
    board.scrollLeft = ratio[1] * sheet.width - board.clientWidth / 2;
    fill();
  }
}

function setTile(size) {
  change(() => { state.tile = Math.round(clamp(size, SMALLEST, LARGEST)); });
}

/** Walk from the cursor to the next tile in a direction; places without a picture are passed. */
function walkTo(down, right) {
  let [row, column] = [cursor[0] + down, cursor[1] + right];
  while (sheet.rows[row] && sheet.columns[column]) {
    if (places[placeAt(sheet.rows[row], sheet.columns[column])] >= 0) return setCursor(row, column);
    [row, column] = [row + down, column + right];
  }
  return false;
}

function setCursor(row, column, isFocus = true) {
  const old = made.get(`tile ${cursor[0]} ${cursor[1]}`);
  if (old) old.tabIndex = -1;
  cursor = [row, column];
  reveal(row, column);
  fill();
  const tile = made.get(`tile ${row} ${column}`);
  tile.tabIndex = 0;
  if (isFocus) tile.focus({ preventScroll: true });
  return true;
}

function reveal(row, column) {
  const [top, left] = [sheet.tops[row], sheet.lefts[column]];
  const bottom = top + sheet.above + sheet.height + GAP;
  if (top - sheet.head < board.scrollTop) board.scrollTop = top - sheet.head - GAP;
  else if (bottom > board.scrollTop + board.clientHeight) board.scrollTop = bottom - board.clientHeight;
  const right = left + sheet.tile + GAP;
  if (left - sheet.gutter < board.scrollLeft) board.scrollLeft = left - sheet.gutter - GAP;
  else if (right > board.scrollLeft + board.clientWidth) board.scrollLeft = right - board.clientWidth;
}

let isFilling = false;
board.addEventListener("scroll", () => {
  if (isFilling) return;
  isFilling = true;
  requestAnimationFrame(() => { isFilling = false; fill(); });
}, { passive: true });
board.addEventListener("click", (event) => {
  const tile = event.target.closest("button.tile");
  if (!tile) return;
  setCursor(Number(tile.dataset.row), Number(tile.dataset.column));
  show(Number(tile.dataset.place));
});
board.addEventListener("focusin", (event) => {
  const tile = event.target.closest("button.tile");
  // A viewer that closes gives the focus back to where it was opened, not to where one walked.
  if (tile && shownPlace < 0) setCursor(Number(tile.dataset.row), Number(tile.dataset.column), false);
});
board.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  setTile(sheet.tile * Math.exp(-event.deltaY / 300));
}, { passive: false });
let drawnWidth = 0;
new ResizeObserver(() => {
  if (!sheet) return;
  if (board.clientWidth === drawnWidth) return fill();
  drawnWidth = board.clientWidth;
  draw();
}).observe(board);

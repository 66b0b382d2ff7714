// Where everything stands: rows and columns with their pixels, before anything is made.
const NARROW = matchMedia("(max-width: 700px)");
const GAP = 6;
const GROUP_GAP = 20;
const BAND = 38;
let sheet = null; // the layout on screen

/** Every combination of the shown values of some axes, the last axis fastest. */
function combinations(side) {
  return side.reduce(
    (found, axis) => found.flatMap((before) => shownValues(axis).map((value) => [...before, value])),
    [[]]);
}

function placeAt(row, column) {
  const at = [...state.at];
  state.y.forEach((axis, level) => { at[axis] = row[level]; });
  state.x.forEach((axis, level) => { at[axis] = column[level]; });
  return placeOf(at);
}

function isSameGroup(one, other, levels) {
  return one.slice(0, levels).every((value, level) => value === other[level]);
}

/** Lay the grid out: only rows and columns that have a picture, and one that the filter finds. */
function laidOut() {
  const isWanted = (place) => places[place] >= 0 && isFound(place);
  let columns = combinations(state.x);
  let rows = combinations(state.y).filter((row) =>
    columns.some((column) => isWanted(placeAt(row, column))));
  columns = columns.filter((column) => rows.some((row) => isWanted(placeAt(row, column))));
  const isNarrow = NARROW.matches;
  const gutter = isNarrow ? 0 : gutterWidth();
  const tile = state.tile || fittingTile(columns.length, gutter);
  const height = Math.round(tile * data.shape[1] / data.shape[0]);
  const made = {
    columns, rows, gutter, tile, height, isNarrow,
    above: isNarrow && state.y.length ? 30 : 0,
    heads: state.x.map((axis, level) => headHeight(axis, level, tile, gutter)),
    lefts: [], tops: [], bands: [], groups: [],
  };
  made.head = made.heads.reduce((sum, one) => sum + one, 0);
  layColumns(made);
  layRows(made);
  return made;
}

function layColumns(made) {
  let left = made.gutter;
  made.columns.forEach((column, number) => {
    const isNew = number > 0 && !isSameGroup(column, made.columns[number - 1], column.length - 1);
    if (number > 0) left += isNew ? GROUP_GAP : GAP;
    made.lefts.push(left);
    left += made.tile;
  });
  made.width = Math.max(left, made.gutter + 1);
  // The labels of each level, outermost first: neighbours that share one stand under it together.
  state.x.forEach((axis, level) => {
    made.columns.forEach((column, number) => {
      const before = made.columns[number - 1];
      const groups = made.groups;
      if (before && isSameGroup(column, before, level + 1)) groups.at(-1).last = number;
      else groups.push({ axis, level, value: column[level], first: number, last: number });
    });
  });
}

function layRows(made) {
  let top = made.head + 4;
  made.rows.forEach((row, number) => {
    const before = made.rows[number - 1];
    const isNew = row.length > 1 && !(before && isSameGroup(row, before, row.length - 1));
    if (number > 0) top += isNew ? GROUP_GAP - GAP : GAP;
    if (isNew) {
      made.bands.push({ row, top });
      top += BAND;
    }
    made.tops.push(top);
    top += made.above + made.height;
  });
  made.bottom = top;
}

function gutterWidth() {
  const axis = state.y.at(-1);
  const cross = state.x.length ? Math.max(...state.x.map((one) => axes[one].name.length)) : 0;
  if (axis === undefined) return cross ? clamp(cross * 7 + 36, 96, 190) : 0;
  const longest = Math.max(axes[axis].name.length, cross, ...axes[axis].values.map((v) => v.length));
  return clamp(longest * 7.6 + 40, 104, axes[axis].isText ? 236 : 200);
}

function headHeight(axis, level, tile, gutter) {
  const longest = Math.max(...shownValues(axis).map((value) => label(axis, value).length));
  const isInner = level === state.x.length - 1;
  if (longest * 7.8 > (isInner ? tile : tile * 2) - 12) return 52;
  // The names of both sides stand beside each other in the corner, or else above each other.
  const down = isInner && gutter && state.y.length ? axes[state.y.at(-1)].name.length + 4 : 0;
  return down && (down + axes[axis].name.length) * 7.2 + 12 > gutter ? 46 : 36;
}

/** The width of a tile with which all columns are seen, within what can be judged. */
function fittingTile(count, gutter) {
  const room = byId("board").clientWidth - gutter - (NARROW.matches ? 28 : 64);
  const narrowest = NARROW.matches ? 150 : 168;
  const widest = Math.max(Math.min(320, data.shape[0]), narrowest);
  return Math.floor(clamp(room / Math.max(count, 1) - GAP, narrowest, widest));
}

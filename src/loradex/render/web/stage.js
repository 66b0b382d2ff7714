// The picture on the stage: fitted or larger, moved by hand, split with another one.
const stage = byId("stage");
const pan = byId("pan");
const front = element("img", { alt: "", draggable: false });
const behind = element("img", { alt: "", draggable: false, className: "behind" });
const zoom = { factor: 1, x: 0, y: 0 }; // 1 fits the stage; x and y move the middle, in pixels
const MOST_ZOOM = 16;
const fingers = new Map();
let drag = null;

/** Show a cell, and another one left of the splitter; zoom and place stay as they are. */
function setStage(cell, other) {
  if (!cell.small) {
    const why = cell.error ?? "This picture is not drawn yet.";
    pan.replaceChildren(element("div", { className: "failed" }, why));
    return;
  }
  showIn(front, cell, Infinity);
  front.alt = byId("badge").textContent;
  pan.replaceChildren(front);
  if (other?.small) {
    showIn(behind, other, Infinity);
    pan.append(behind);
  }
  pan.dataset.size = cell.size.join(" ");
  place();
}

/** The pixels of the picture when it fits the stage. */
function fitted() {
  const [width, height] = (pan.dataset.size ?? "1 1").split(" ").map(Number);
  const room = NARROW.matches ? 0 : 56;
  const factor = Math.min((stage.clientWidth - room) / width, (stage.clientHeight - room) / height);
  return [width * factor, height * factor, factor];
}

function place() {
  const [width, height] = fitted();
  const limit = (size, room) => Math.max((size * zoom.factor - room) / 2 + 40, 0);
  if (zoom.factor <= 1) zoom.x = zoom.y = 0;
  zoom.x = clamp(zoom.x, -limit(width, stage.clientWidth), limit(width, stage.clientWidth));
  zoom.y = clamp(zoom.y, -limit(height, stage.clientHeight), limit(height, stage.clientHeight));
  pan.style.width = `${width * zoom.factor}px`;
  pan.style.height = `${height * zoom.factor}px`;
  pan.style.transform = `translate(-50%, -50%) translate(${zoom.x}px, ${zoom.y}px)`;
  pan.classList.toggle("large", zoom.factor * fitted()[2] * devicePixelRatio > 2.5);
  stage.classList.toggle("zoomed", zoom.factor > 1.001);
  cut();
}

/** Cut the left picture where the splitter stands on the stage, wherever the picture is. */
function cut() {
  const box = pan.getBoundingClientRect();
  const edge = stage.getBoundingClientRect().left + stage.clientWidth * splitter.value / 100;
  const share = clamp((edge - box.left) / Math.max(box.width, 1) * 100, 0, 100);
  behind.style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  stage.style.setProperty("--split", `${splitter.value}%`);
  stage.classList.toggle("splitting", !splitter.hidden);
}

function resetZoom() {
  Object.assign(zoom, { factor: 1, x: 0, y: 0 });
  place();
}

/** Zoom so that what is under a point of the window stays under it. */
function zoomBy(by, x, y) {
  const box = stage.getBoundingClientRect();
  const [dx, dy] = [(x ?? box.left + box.width / 2) - box.left - box.width / 2,
    (y ?? box.top + box.height / 2) - box.top - box.height / 2];
  const factor = clamp(zoom.factor * by, 1, MOST_ZOOM);
  const change = factor / zoom.factor;
  zoom.x = dx - (dx - zoom.x) * change;
  zoom.y = dy - (dy - zoom.y) * change;
  zoom.factor = factor;
  place();
}

/** Go between the whole picture and one pixel for each of the screen's, at least twice as large. */
function toggleFull(x, y) {
  if (zoom.factor > 1.001) return resetZoom();
  zoomBy(Math.max(1 / (fitted()[2] * devicePixelRatio), 2), x, y);
}

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomBy(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
}, { passive: false });

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || event.target.closest("button, input")) return;
  fingers.set(event.pointerId, [event.clientX, event.clientY]);
  drag = { hasMoved: fingers.size > 1, isOnPicture: pan.contains(event.target) };
  stage.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY];
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const far = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
    zoomBy(far(now) / Math.max(far(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  } else {
    if (!drag.hasMoved && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
    zoom.x += now[0] - before[0];
    zoom.y += now[1] - before[1];
    place();
  }
  drag.hasMoved = true;
  fingers.set(event.pointerId, now);
});
stage.addEventListener("pointerup", (event) => {
  if (!fingers.delete(event.pointerId) || drag.hasMoved) return;
  if (drag.isOnPicture) toggleFull(event.clientX, event.clientY);
  else viewer.close();
});
stage.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
splitter.addEventListener("input", cut);
new ResizeObserver(() => { if (viewer.open) place(); }).observe(stage);

// The controls above the grid, and the panel in which values are hidden.
const toolbar = byId("tools");
const finder = element("input", {
  type: "search", id: "find", placeholder: "Filter…", autocomplete: "off", spellcheck: false,
  aria: { "aria-label": "Show only pictures whose labels or parameters have these words" },
});
const finding = element("span", { className: "count" });
const sizer = element("input", { type: "range", id: "size", min: "72", max: "640", step: "4",
  aria: { "aria-label": "Size of the pictures" } });

function pick(words, options, chosen, act, extra = {}) {
  const select = element("select", extra);
  let holder = select;
  for (const option of options) {
    if (option.group !== undefined) {
      holder = element("optgroup", { label: option.group });
      select.append(holder);
    } else {
      holder.append(element("option", { value: option.value }, short(option.words, 48, false)));
    }
  }
  select.value = chosen;
  select.addEventListener("change", () => change(() => act(select.value)));
  return element("label", { className: "pick" }, element("span", {}, words), select);
}

function quiet(words, title, act, properties = {}) {
  const button = element("button", { type: "button", className: "quiet", title, ...properties }, words);
  button.addEventListener("click", act);
  return button;
}

/** The select of a side; without axes there is nothing to choose. */
function sidePick(words, side) {
  const options = axes.map((axis, number) => ({ value: String(number), words: axis.name }));
  const chosen = state[side].at(-1);
  if (chosen === undefined) options.unshift({ value: "", words: "–" });
  return pick(words, options, String(chosen ?? ""), (value) => {
    if (value !== "") setPrimary(side, Number(value));
  }, { id: `${side}-axis` });
}

/** The select of an axis that is neither side's: one of its values, or nested on a side. */
function axisPick(axis) {
  const role = roleOf(axis);
  const options = [{ group: "One of them" }];
  axes[axis].values.forEach((_, value) => options.push({ value: `at ${value}`, words: label(axis, value) }));
  options.push({ group: "All of them" }, { value: "y", words: "all, down" }, { value: "x", words: "all, across" });
  const chosen = role === "at" ? `at ${state.at[axis]}` : role;
  const box = pick(axes[axis].name, options, chosen, (value) => {
    const [to, number] = value.split(" ");
    setRole(axis, to, number === undefined ? undefined : Number(number));
  }, { id: `axis-${axis}` });
  if (role !== "at") return box;
  const step = (by, words) => {
    const button = quiet(by < 0 ? "‹" : "›", words, () => change(() => stepAxis(axis, by)));
    button.setAttribute("aria-label", `${words}: ${axes[axis].name}`);
    return button;
  };
  return element("div", { className: "steps" }, step(-1, "Previous"), box, step(1, "Next"));
}

function stepAxis(axis, by) {
  const values = shownValues(axis);
  const at = values.indexOf(state.at[axis]);
  state.at[axis] = values[(at + by + values.length) % values.length];
}

/** Turn the page: the first axis of which one value is shown goes on. */
function turn(by) {
  const axis = axes.findIndex((_, number) => roleOf(number) === "at");
  if (axis < 0) return;
  change(() => stepAxis(axis, by));
  say(`${axes[axis].name}: ${label(axis, state.at[axis])}`);
}

function swap() {
  change(() => { [state.x, state.y] = [state.y, state.x]; });
}

function tools() {
  const hadFocus = toolbar.contains(document.activeElement) ? document.activeElement.id : "";
  const [across, down] = [state.x.at(-1), state.y.at(-1)];
  const parts = [];
  if (axes.length > 0) {
    parts.push(sidePick("Across", "x"));
    if (axes.length > 1) {
      parts.push(quiet("⇄", "Swap across and down (T)", swap, { id: "swap", ariaLabel: "Swap across and down" }));
      parts.push(sidePick("Down", "y"));
    }
  }
  axes.forEach((_, axis) => { if (axis !== across && axis !== down) parts.push(axisPick(axis)); });
  if (axes.length > 0) {
    const count = hiddenCount();
    parts.push(quiet(count ? `Values · ${count} hidden` : "Values", "Choose what is shown", openValues,
      { id: "choose" }));
  }
  if (baseCells.size) {
    const based = quiet("Base", "Show every picture without the LoRA (hold B)", () => setBased(!state.isBased),
      { id: "based" });
    based.setAttribute("aria-pressed", String(state.isBased));
    based.append(" ", element("kbd", {}, "B"));
    parts.push(based);
  }
  if (finder.value !== state.text) finder.value = state.text;
  finding.textContent = filtered ? `${filtered.size} of ${places.filter((cell) => cell >= 0).length}` : "";
  parts.push(element("div", { className: "find" }, finder, finding));
  sizer.value = String(sheet?.tile ?? 200);
  parts.push(element("label", { className: "pick sizes", title: "Size (+ and −)" }, element("span", {}, "Size"), sizer));
  const help = quiet("?", "Keys (?)", openHelp, { id: "keys" });
  help.setAttribute("aria-label", "Keys");
  parts.push(help);
  toolbar.replaceChildren(...parts);
  if (hadFocus) byId(hadFocus)?.focus();
}

function openValues() {
  const panel = byId("values");
  const head = element("div", { className: "bar" }, element("h2", {}, "Values to show"),
    quiet("Show all", "Show all values", () => { change(showAll); fillValues(); }),
    quiet("✕", "Close", () => panel.close(), { className: "quiet close", ariaLabel: "Close" }));
  panel.replaceChildren(head, element("div", { className: "choices" }));
  fillValues();
  panel.showModal();
}

function fillValues() {
  byId("values").querySelector(".choices").replaceChildren(...axes.map((axis, number) => {
    const group = element("fieldset", {}, element("legend", {}, axis.name));
    axis.values.forEach((_, value) => {
      const box = element("input", { type: "checkbox", checked: !state.hidden[number].has(value) });
      box.addEventListener("change", () => {
        change(() => setHidden(number, value, !box.checked));
        box.checked = !state.hidden[number].has(value);
      });
      group.append(element("label", {}, box, element("span", {}, label(number, value))));
    });
    return group;
  }));
}

function showAll() {
  state.hidden.forEach((hidden) => hidden.clear());
}

function about() {
  const facts = byId("about");
  const words = data.facts.map(([name, text]) =>
    element("span", { className: "fact" }, element("small", {}, name), text));
  facts.replaceChildren(...words);
  const notes = byId("notes");
  notes.hidden = data.notes.length === 0;
  notes.replaceChildren(...data.notes.map((note) => element("p", {}, note)));
}

let typing = 0;
finder.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => { setFilter(finder.value); board.scrollTop = 0; change(() => {}); }, 120);
});
sizer.addEventListener("input", () => setTile(Number(sizer.value)));

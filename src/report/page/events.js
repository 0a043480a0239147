// Kubernetes Events up to the instant, as kubectl shows them, the newest first.
const events = (() => {
  const SHOWN_MAX = 120;

  /** Writes of one Event are one line with its last count. */
  function upTo(t) {
    const lines = new Map();
    for (const [exact, type, reason, object, message, count, source] of data.all.events) {
      if (exact > t) break;
      // Events of the newer sort (the scheduler's) name no source and know microseconds; the others know seconds.
      const when = source ? Math.floor(exact / 1000) * 1000 : exact;
      const combined = message.startsWith("(combined from similar events)") ? "(combined" : message;
      const key = [object, type, reason, combined, source].join("\n");
      // A first one with the words of a known line is about another container.
      let place = key, known = lines.get(place);
      for (let n = 2; known && source && count <= known.count; n++) known = lines.get(place = `${key}\n${n}`);
      lines.delete(place);
      lines.set(place, { first: known ? known.first : when, last: when, type, reason, object, message, count: Math.max(count, 1) });
    }
    return [...lines.values()].reverse();
  }

  function seen(line, t) {
    const last = data.age(t - line.last);
    return line.count > 1 ? `${last} (x${line.count} over ${data.age(t - line.first)})` : last;
  }

  function draw() {
    const t = state.now.t, object = data.replay.objects[state.object()];
    const wanted = object && `${object.kind.toLowerCase()}/${object.name}`;
    let lines = upTo(t);
    byId("warnings").checked = state.now.warnings;
    byId("about").checked = state.now.about;
    if (state.now.warnings) lines = lines.filter((line) => line.type !== "Normal");
    if (state.now.about && wanted) lines = lines.filter((line) => line.object === wanted);
    if (!lines.length) return byId("events").replaceChildren(make("p", { class: "soft" }, "No events."));
    const cell = (text, kind) => make("td", { class: kind, role: "cell" }, text);
    const rows = lines.slice(0, SHOWN_MAX).map((line) => make("tr", { role: "row" }, cell(seen(line, t)), cell(line.type, line.type), cell(line.reason), cell(line.object), cell(line.message)));
    const titles = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map((title) => make("th", { scope: "col", role: "columnheader" }, title));
    // On a phone the style takes the table apart; its roles keep it one for those who listen.
    const table = make("table", { role: "table", "aria-label": "Events" }, make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...titles)), make("tbody", { role: "rowgroup" }, ...rows));
    const more = lines.length > SHOWN_MAX ? make("p", { class: "soft" }, `and ${lines.length - SHOWN_MAX} older ones`) : null;
    byId("events").replaceChildren(table, ...(more ? [more] : []));
  }

  function begin() {
    for (const name of ["warnings", "about"]) byId(name).onchange = (event) => state.set({ [name]: event.target.checked });
    state.watch((why) => why !== "guess" && why !== "theme" && draw());
  }
  return { begin, upTo };
})();

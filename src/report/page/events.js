// Kubernetes Events up to the instant, as kubectl shows them, the newest first.
const events = (() => {
  const SHOWN_MAX = 120;

  /** Events of one object, reason and text are one line with a count. */
  function upTo(t) {
    const lines = new Map();
    for (const [when, type, reason, object, message, count, source] of data.all.events) {
      if (when > t) break;
      const combined = message.startsWith("(combined from similar events)") ? "(combined" : message;
      const key = [object, type, reason, combined, source].join("\n");
      const known = lines.get(key);
      lines.delete(key);
      lines.set(key, { first: known ? known.first : when, last: when, type, reason, object, message, count: Math.max(count, 1) });
    }
    return [...lines.values()].reverse();
  }

  function seen(line, t) {
    const last = data.age(t - line.last);
    return line.count > 1 ? `${last} (x${line.count} over ${data.age(t - line.first)})` : last;
  }

  function draw() {
    const t = state.now.t, object = data.replay.objects[state.now.object];
    const wanted = object && `${object.kind.toLowerCase()}/${object.name}`;
    let lines = upTo(t);
    if (byId("warnings").checked) lines = lines.filter((line) => line.type !== "Normal");
    if (byId("about").checked && wanted) lines = lines.filter((line) => line.object === wanted);
    if (!lines.length) return byId("events").replaceChildren(make("p", { class: "soft" }, "No events."));
    const rows = lines.slice(0, SHOWN_MAX).map((line) => make("tr", {}, make("td", {}, seen(line, t)), make("td", { class: line.type }, line.type), make("td", {}, line.reason), make("td", {}, line.object), make("td", {}, line.message)));
    const titles = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map((title) => make("th", { scope: "col" }, title));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...titles)), make("tbody", {}, ...rows));
    const more = lines.length > SHOWN_MAX ? make("p", { class: "soft" }, `and ${lines.length - SHOWN_MAX} older ones`) : null;
    byId("events").replaceChildren(table, ...(more ? [more] : []));
  }

  function begin() {
    byId("warnings").onchange = byId("about").onchange = draw;
    state.watch((why) => why !== "guess" && why !== "theme" && draw());
  }
  return { begin, upTo };
})();

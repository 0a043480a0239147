// The ring of components around API server and etcd, with the messages of the present step: who asked, what was written,
// who heard of it and when. Nobody on the ring talks to a neighbour.
const ring = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const NAMES = { "default-scheduler": "scheduler", controllermanager: "disruption", user: "user (kubectl)", kubelet: "kubelets" };
  const HEIGHT = 370, CENTER = { x: 0, y: 190 }, ETCD = { x: 0, y: 335 };
  const HIDDEN = ["start", "failure"];
  const COMPONENTS_MAX = 14;
  let places, width, drawn;

  const short = (name) => NAMES[name] || name.replace(/-controller$/, "").replace("endpoint-slice", "endpointslice");

  function draw(name, attributes, parent, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  }

  /** The components that write most in this run, at their places on the ring. */
  function arrange() {
    const writes = new Map();
    for (const object of data.replay.objects) for (const version of object.versions) writes.set(version[2], (writes.get(version[2]) || 0) + 1);
    const known = [...writes].sort((a, b) => b[1] - a[1]).map(([actor]) => actor);
    const first = ["user", "default-scheduler", "kubelet"].map((name) => data.replay.actors.indexOf(name)).filter((actor) => actor >= 0);
    const all = [...new Set([...first, ...known])].filter((actor) => !HIDDEN.includes(data.actor(actor))).slice(0, COMPONENTS_MAX);
    places = new Map();
    width = byId("ring").clientWidth < 450 ? 380 : 540;
    // Below, the place is etcd's.
    all.forEach((actor, n) => {
      const angle = ((n - (all.length - 1) / 2) / all.length) * 1.6 * Math.PI - Math.PI / 2;
      places.set(actor, { x: (width / 2 - 62) * Math.cos(angle), y: CENTER.y + 165 * Math.sin(angle) });
    });
  }

  /** The messages of a step: {from, to, text, watch}; a message of the watch goes to several. `api` and `etcd` are in the middle. */
  function messages(step) {
    if (!step) return [];
    const by = data.actor(step.by);
    if (step.sort === "command") return [{ from: step.by, to: "api", text: `${short(by)}: ${step.text}` }];
    if (step.sort === "fault") return [{ text: `failure: ${step.text}` }];
    if (!step.version) {
      const attempt = data.replay.attempts[step.attempt], follows = attempt && !attempt.node ? "no node fits" : "its binding follows";
      return [{ from: step.by, to: undefined, text: `${short(by)} decides by what it has heard; ${follows}` }];
    }
    const object = data.replay.objects[step.object];
    const version = object.versions.find((entry) => entry[1] === step.version);
    const what = `${object.kind.toLowerCase()}/${object.name}`;
    const out = [];
    if (!HIDDEN.includes(by)) out.push({ from: step.by, to: "api", text: `${short(by)} → API server: ${version[3]} ${what}` });
    out.push({ from: "api", to: "etcd", text: `API server → etcd: resourceVersion ${step.version}` });
    const groups = new Map();
    for (const { actor, t } of hearersOf(step, object.kind)) groups.set(t, [...(groups.get(t) || []), actor]);
    for (const [t, actors] of groups) {
      const names = actors.map((actor) => short(data.actor(actor))).join(", ");
      out.push({ from: "api", to: actors, watch: true, text: `watch → ${names}: ${t - step.t} ms later` });
    }
    return out;
  }

  /** Who was shown the commit by the watch, and when. */
  function hearersOf(step, kind) {
    const deliveries = data.replay.deliveries;
    const heard = new Map();
    const watching = new Set();
    data.replay.actors.forEach((name, actor) => name !== "user" && (data.replay.watches[name] || []).includes(kind) && watching.add(actor));
    for (let n = data.countPast(deliveries, { t: step.t - 1 }); n < deliveries.length && deliveries[n][0] < step.t + 5000 && watching.size; n++) {
      const [t, actor, version] = deliveries[n];
      if (version >= step.version && watching.delete(actor)) heard.set(actor, t);
    }
    return [...heard].map(([actor, t]) => ({ actor, t }));
  }

  const point = (name) => (name === "api" ? CENTER : name === "etcd" ? ETCD : places.get(name));

  /** Both ends of a message, a little to its left, so that question and answer do not hide each other. */
  function ends(message) {
    const from = point(message.from), to = point(message.to);
    if (!from || !to) return undefined;
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1, aside = message.to === "etcd" ? 0 : 7;
    const x = (-(to.y - from.y) / length) * aside, y = ((to.x - from.x) / length) * aside;
    return { from: { x: from.x + x, y: from.y + y }, to: { x: to.x + x, y: to.y + y } };
  }

  function arrow(svg, message) {
    const found = ends(message);
    if (!found) return;
    const { from, to } = found;
    draw("path", { d: `M${from.x} ${from.y}L${to.x} ${to.y}`, class: `path${message.watch ? " watch" : ""}` }, svg);
  }

  function badge(svg, message, number) {
    const found = ends(message);
    if (!found) return;
    const { from, to } = found;
    const share = message.watch ? 0.62 : 0.45;
    const x = from.x + (to.x - from.x) * share, y = from.y + (to.y - from.y) * share;
    const group = draw("g", {}, svg);
    draw("circle", { cx: x, cy: y, r: 8, class: "badge" }, group);
    draw("text", { x, y: y + 3.5, class: "number" }, group, String(number + 1));
    travel(svg, from, to, number);
  }

  /** A dot on its way. */
  function travel(svg, from, to, number) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || !svg.animate) return;
    const dot = draw("circle", { cx: from.x, cy: from.y, r: 5, class: "dot", opacity: 0 }, svg);
    const path = [{ transform: "translate(0, 0)", opacity: 1 }, { transform: `translate(${to.x - from.x}px, ${to.y - from.y}px)`, opacity: 1 }];
    dot.animate(path, { duration: 380, delay: Math.min(number, 2) * 380, easing: "ease-in-out" });
  }

  function box(svg, at, text, active) {
    const wide = Math.max(64, text.length * 6.6 + 14);
    draw("rect", { x: at.x - wide / 2, y: at.y - 14, width: wide, height: 28, rx: 7, class: `component${active ? " active" : ""}` }, svg);
    draw("text", { x: at.x, y: at.y + 4 }, svg, text);
  }

  /** What is on its way stays on its way as long as the step is the same. */
  function redraw() {
    if (drawn === state.now.step) return;
    if (drawn === undefined) arrange();
    drawn = state.now.step;
    const step = state.steps[state.now.step], all = messages(step);
    // Each arrow by itself, with the number of its message.
    const arrows = all.flatMap((message, number) => [message.to].flat().map((to) => ({ ...message, to, number })));
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `${-width / 2} 0 ${width} ${HEIGHT}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "Components around the API server; the messages of this step are listed below.");
    for (const place of places.values()) draw("line", { x1: CENTER.x, y1: CENTER.y, x2: place.x, y2: place.y, class: "spoke" }, svg);
    arrows.forEach((message) => arrow(svg, message));
    const active = new Set(arrows.flatMap((message) => [message.from, message.to]));
    box(svg, CENTER, "API server", active.has("api"));
    box(svg, ETCD, "etcd", active.has("etcd"));
    for (const [actor, place] of places) box(svg, place, short(data.actor(actor)), active.has(actor));
    arrows.forEach((message) => badge(svg, message, message.number));
    byId("ring").replaceChildren(svg);
    byId("messages").replaceChildren(...all.map((message) => make("li", {}, message.text)));
  }

  function begin() {
    window.addEventListener("resize", () => {
      drawn = undefined;
      redraw();
    });
    state.watch((why) => why !== "guess" && why !== "theme" && redraw());
  }
  return { begin };
})();

/** The colours of revisions, those of Okabe and Ito: the first one's, the second one's, ... */
const REVISIONS = ["#0072b2", "#e69f00", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const revisionColor = (number) => REVISIONS[(Math.max(1, number) - 1) % REVISIONS.length];

// The data of the page and questions to it: what an object looked like, what time it was, which value a series had.
const data = (() => {
  const all = JSON.parse(document.getElementById("kubesim-data").textContent);
  const replay = all.replay;

  /** Carries out a difference: [value] sets, [] removes, a map goes in by keys or places. */
  function apply(before, delta) {
    if (Array.isArray(delta)) return delta.length ? delta[0] : undefined;
    const out = Array.isArray(before) ? before.slice() : Object.assign({}, before);
    for (const key of Object.keys(delta)) {
      const value = apply(out[key], delta[key]);
      if (value === undefined) delete out[key];
      else out[key] = value;
    }
    return out;
  }

  /** Does version [t, resourceVersion] belong to the past of the cut {t, v}? v is 0 unless a step names a commit. */
  const isPast = (version, cut) => version[0] < cut.t || (version[0] === cut.t && (!cut.v || version[1] <= cut.v));

  /** How many of the entries (in order of time) lie before the cut. */
  function countPast(entries, cut) {
    let low = 0, high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isPast(entries[middle], cut)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The JSON of version number `n` of an object; undefined if it was removed then. Worked out once. */
  function version(object, n) {
    object.json ||= [];
    for (let i = object.json.length; i <= n; i++) {
      const delta = object.versions[i][4];
      let before = i > 0 ? object.json[i - 1] : undefined;
      if (!before) before = lastKnown(object, i);
      object.json.push(delta === null ? null : apply(before, delta));
    }
    return object.json[n] ?? undefined;
  }

  /** What the first version, or one after a removal, is told as a difference from. */
  function lastKnown(object, i) {
    for (let k = i - 1; k >= 0; k--) if (object.json[k]) return object.json[k];
    if (object.like === undefined) return undefined;
    const like = replay.objects[object.like];
    return version(like, like.versions.findIndex((entry) => entry[4] !== null));
  }

  /** The object at the cut: {json, n, row} or undefined. */
  function at(object, cut) {
    const n = countPast(object.versions, cut) - 1;
    if (n < 0 || object.versions[n][4] === null) return undefined;
    return { json: version(object, n), n };
  }

  /** A pod's row as kubectl shows it: [ready, containers, status, restarts]. */
  function row(object, n) {
    for (let k = n; k >= 0; k--) if (object.versions[k][5]) return object.versions[k][5];
    return [0, 0, "", 0];
  }

  const places = new Map();
  replay.objects.forEach((object, index) => {
    if (!places.has(object.kind)) places.set(object.kind, []);
    places.get(object.kind).push(index);
  });

  function* list(kind, cut) {
    for (const index of places.get(kind) || []) {
      const object = replay.objects[index], found = at(object, cut);
      if (found) yield { object, index, ...found };
    }
  }

  /** The place of the first object of a kind. */
  const first = (kind) => (places.get(kind) || [])[0];

  /** The place of an object, -1 if there is none. */
  function find(kind, namespace, name) {
    const key = (object) => `${object.kind}/${object.namespace || ""}/${object.name}`;
    find.known ||= new Map(replay.objects.map((object, index) => [key(object), index]));
    return find.known.get(`${kind}/${namespace || ""}/${name}`) ?? -1;
  }

  /** The value of a series [[t, value], ...] at an instant. */
  function value(series, t) {
    const n = countPast(series, { t });
    return n ? series[n - 1][1] : undefined;
  }

  /** `5m03.2s`, as the story has it. */
  function clock(ms) {
    const tenths = Math.floor(ms / 100), tenth = tenths % 10;
    const seconds = Math.floor(tenths / 10) % 60, minutes = Math.floor(tenths / 600) % 60, hours = Math.floor(tenths / 36000);
    const two = (n) => String(n).padStart(2, "0");
    if (hours) return `${hours}h${two(minutes)}m${two(seconds)}s`;
    return minutes ? `${minutes}m${two(seconds)}.${tenth}s` : `${seconds}.${tenth}s`;
  }

  /** An age as kubectl shows it. */
  function age(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 120) return `${s}s`;
    if (s < 600) return s % 60 ? `${Math.floor(s / 60)}m${s % 60}s` : `${s / 60}m`;
    if (s < 10800) return `${Math.floor(s / 60)}m`;
    const minutes = Math.floor(s / 60) % 60;
    return s < 28800 && minutes ? `${Math.floor(s / 3600)}h${minutes}m` : `${Math.floor(s / 3600)}h`;
  }

  const title = (object) => (object.namespace && object.namespace !== "default" ? `${object.namespace}/${object.name}` : object.name);
  const actor = (number) => replay.actors[number];
  return { all, replay, at, row, list, find, first, value, version, countPast, clock, age, title, actor };
})();

/** Makes an element: make("td", {class: "x"}, "text", child, ...). */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}
const byId = (id) => document.getElementById(id);

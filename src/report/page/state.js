// What is looked at: instant, step, object, guesses. It lives in the address, so that a link holds all of it.
const state = (() => {
  const steps = data.replay.steps.map(([t, sort, by, object, version, attempt, text], index) => ({ index, t, sort, by, object, version, attempt, text }));
  const groups = {
    all: () => true,
    main: (step) => ["schedule", "scale", "kill", "command", "fault"].includes(step.sort),
    outside: (step) => step.sort === "command" || step.sort === "fault",
  };
  const now = { t: 0, step: -1, filter: "all", object: undefined, speed: 0, rollout: 0, load: 0, window: 0, warnings: false, about: false, guesses: new Map() };
  /** Browsers refuse an address that changes more often. */
  const ADDRESS_MS = 300;
  const watchers = [];

  const isWanted = (step) => (groups[now.filter] ? groups[now.filter](step) : step.sort === now.filter);

  /** The cut through the run that is shown. */
  function cut() {
    const step = steps[now.step];
    return step && step.version && step.t === now.t ? { t: now.t, v: step.version } : { t: now.t };
  }

  /** What is shown in full: what was chosen, else what the steps are about. */
  function object() {
    if (now.object !== undefined) return now.object;
    for (let n = now.step; n >= 0; n--) if (steps[n].object !== null) return steps[n].object;
    const kinds = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "Pod", "Node"].map((kind) => data.first(kind));
    return kinds.find((place) => place !== undefined) ?? 0;
  }

  function changed(why) {
    for (const watcher of watchers) watcher(why);
    keep();
  }

  /** To an instant; the step is the last one up to it. */
  function go(t) {
    now.t = Math.min(Math.max(0, Math.round(t)), data.all.endMs);
    now.step = lastStep(now.t);
    changed("time");
  }

  function lastStep(t) {
    let low = 0, high = steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle].t <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  function toStep(index) {
    now.step = index;
    now.t = steps[index].t;
    changed("step");
  }

  /** One step on (1) or back (-1) among those that are wanted. Says whether there was one. */
  function step(by) {
    let index = now.step + by;
    while (index >= 0 && index < steps.length && !isWanted(steps[index])) index += by;
    if (index < 0 && by < 0) go(0);
    if (index < 0 || index >= steps.length) return false;
    toStep(index);
    return true;
  }

  function set(values, why = "look") {
    Object.assign(now, values);
    changed(why);
  }

  function guess(attempt, node) {
    now.guesses.set(attempt, node);
    changed("guess");
  }

  /** The line of a step. Where the scheduler put a pod is not told before it was guessed. */
  function text(step) {
    const attempt = step.attempt === null ? undefined : data.replay.attempts[step.attempt];
    const who = step.sort === "command" || step.sort === "fault" || step.sort === "pod" ? "" : `${data.actor(step.by)} `;
    if (step.sort === "schedule" && attempt && attempt.node && !now.guesses.has(step.attempt)) {
      return `${who}decides about pod ${attempt.pod.replace(/^default\//, "")}: which node?`;
    }
    return who + step.text;
  }

  let kept = 0, keeping;
  function keep() {
    clearTimeout(keeping);
    const wait = kept + ADDRESS_MS - performance.now();
    if (wait > 0) keeping = setTimeout(keep, wait);
    else {
      kept = performance.now();
      if (address() !== location.hash) history.replaceState(null, "", address());
    }
  }

  /** What is seen, as the part of the address behind the #. */
  function address() {
    const words = new URLSearchParams({ t: now.t });
    if (now.step >= 0 && now.step !== lastStep(now.t)) words.set("step", now.step);
    if (now.filter !== "all") words.set("by", now.filter);
    if (now.speed) words.set("speed", now.speed);
    for (const key of ["rollout", "load", "window"]) if (now[key]) words.set(key, now[key]);
    for (const key of ["warnings", "about"]) if (now[key]) words.set(key, 1);
    const object = data.replay.objects[now.object];
    if (object) words.set("object", [object.kind, object.namespace || "", object.name].join("/"));
    if (now.guesses.size) words.set("guessed", [...now.guesses].map(([attempt, node]) => `${attempt}:${node}`).join(","));
    const theme = document.documentElement.dataset.theme;
    if (theme) words.set("theme", theme);
    return "#" + words.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
  }

  /** Reads the address; what it says that is not there is passed over. */
  function recall() {
    const words = new URLSearchParams(location.hash.slice(1));
    const number = (key, otherwise) => (Number.isFinite(parseFloat(words.get(key))) ? parseFloat(words.get(key)) : otherwise);
    const oneOf = (key, id, otherwise) => ([...byId(id).options].some((option) => option.value === words.get(key)) ? words.get(key) : otherwise);
    now.filter = oneOf("by", "filter", "all");
    now.speed = Number(oneOf("speed", "speed", 0));
    now.rollout = Number(oneOf("rollout", "rollout", 0));
    now.load = Number(oneOf("load", "load", 0));
    now.window = Number(oneOf("window", "chart-span", oneOf("window", "traffic-span", 0)));
    now.warnings = words.has("warnings");
    now.about = words.has("about");
    const [kind, namespace, name] = (words.get("object") || "").split("/");
    const found = data.find(kind, namespace, name);
    now.object = found < 0 ? undefined : found;
    now.guesses = new Map();
    for (const part of (words.get("guessed") || "").split(",").filter(Boolean)) {
      const colon = part.indexOf(":");
      const attempt = data.replay.attempts[part.slice(0, colon)], node = part.slice(colon + 1);
      if (attempt && attempt.feasible.some((row) => row[0] === node)) now.guesses.set(Number(part.slice(0, colon)), node);
    }
    if (["light", "dark"].includes(words.get("theme"))) document.documentElement.dataset.theme = words.get("theme");
    const step = number("step", -1);
    if (steps[step]) toStep(step);
    else go(number("t", 0));
  }

  return { now, steps, cut, go, step, toStep, set, guess, text, isWanted, recall, address, object, watch: (watcher) => watchers.push(watcher) };
})();

// What is looked at: instant, step, object, guesses. It lives in the address, so that a link holds all of it.
const state = (() => {
  const steps = data.replay.steps.map(([t, sort, by, object, version, attempt, text], index) => ({ index, t, sort, by, object, version, attempt, text }));
  const groups = {
    all: () => true,
    main: (step) => ["schedule", "scale", "kill", "command", "fault"].includes(step.sort),
    outside: (step) => step.sort === "command" || step.sort === "fault",
  };
  const now = { t: 0, step: -1, filter: "all", object: undefined, speed: 0, rollout: 0, guesses: new Map() };
  const watchers = [];

  const isWanted = (step) => (groups[now.filter] ? groups[now.filter](step) : step.sort === now.filter);

  /** The cut through the run that is shown. */
  function cut() {
    const step = steps[now.step];
    return step && step.version && step.t === now.t ? { t: now.t, v: step.version } : { t: now.t };
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

  function keep() {
    const words = new URLSearchParams({ t: now.t });
    if (now.step >= 0 && now.step !== lastStep(now.t)) words.set("step", now.step);
    if (now.filter !== "all") words.set("by", now.filter);
    if (now.speed) words.set("speed", now.speed);
    if (now.rollout) words.set("rollout", now.rollout);
    const object = data.replay.objects[now.object];
    if (object) words.set("object", [object.kind, object.namespace || "", object.name].join("/"));
    if (now.guesses.size) words.set("guessed", [...now.guesses].map(([attempt, node]) => `${attempt}:${node}`).join(","));
    const theme = document.documentElement.dataset.theme;
    if (theme) words.set("theme", theme);
    const hash = "#" + words.toString();
    if (hash !== location.hash) history.replaceState(null, "", hash);
  }

  /** Reads the address. */
  function recall() {
    const words = new URLSearchParams(location.hash.slice(1));
    const number = (key, otherwise) => (Number.isFinite(parseFloat(words.get(key))) ? parseFloat(words.get(key)) : otherwise);
    now.filter = words.get("by") || "all";
    now.speed = number("speed", 0);
    now.rollout = number("rollout", 0);
    const [kind, namespace, name] = (words.get("object") || "").split("/");
    const found = data.replay.objects.findIndex((object) => object.kind === kind && (object.namespace || "") === namespace && object.name === name);
    now.object = found < 0 ? undefined : found;
    now.guesses = new Map();
    for (const part of (words.get("guessed") || "").split(",").filter(Boolean)) {
      const colon = part.indexOf(":");
      now.guesses.set(Number(part.slice(0, colon)), part.slice(colon + 1));
    }
    if (["light", "dark"].includes(words.get("theme"))) document.documentElement.dataset.theme = words.get("theme");
    const step = number("step", -1);
    if (steps[step]) toStep(step);
    else go(number("t", 0));
  }

  return { now, steps, cut, go, step, toStep, set, guess, text, isWanted, recall, watch: (watcher) => watchers.push(watcher) };
})();

// Any object at the instant as YAML; what its last version changed is marked.
const object = (() => {
  const KINDS = ["Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Service", "EndpointSlice", "Node"];

  const LONG = 300;

  function plain(text) {
    if (text === "") return '""';
    const odd = /^[\s\-?:,[\]{}#&*!|>'"%@`]|: |:$| #|\s$|^(true|false|null|yes|no|on|off|y|n|~)$|^[0-9.+-]|[\x00-\x1f]/i.test(text);
    return odd ? JSON.stringify(text) : text;
  }

  const isMap = (value) => value !== null && typeof value === "object";
  const isEmpty = (value) => isMap(value) && Object.keys(value).length === 0;
  const inner = (delta, key) => (delta === true || Array.isArray(delta) ? true : delta && Object.hasOwn(delta, key) ? delta[key] : undefined);
  const isNew = (delta) => delta === true || Array.isArray(delta);

  /** The lines of a value: [text, changed]. */
  function lines(value, depth, delta, out) {
    const pad = "  ".repeat(depth);
    if (Array.isArray(value)) {
      value.forEach((entry, place) => {
        const part = inner(delta, place), start = out.length;
        if (!isMap(entry) || isEmpty(entry)) return out.push([`${pad}- ${scalar(entry, depth)}`, isNew(part)]);
        lines(entry, depth + 1, part, out);
        out[start][0] = `${pad}- ${out[start][0].slice(pad.length + 2)}`;
      });
      return out;
    }
    for (const key of Object.keys(value).sort()) {
      const entry = value[key], part = inner(delta, key);
      if (!isMap(entry) || isEmpty(entry)) out.push([`${pad}${plain(key)}: ${scalar(entry, depth)}`, isNew(part)]);
      else {
        out.push([`${pad}${plain(key)}:`, isNew(part)]);
        lines(entry, Array.isArray(entry) ? depth : depth + 1, part, out);
      }
    }
    return out;
  }

  function scalar(value, depth) {
    if (Array.isArray(value)) return "[]";
    if (isMap(value)) return "{}";
    if (typeof value !== "string") return String(value);
    if (!value.includes("\n")) return plain(value);
    const pad = "  ".repeat(depth + 1);
    return `|${value.endsWith("\n") ? "" : "-"}\n${value.replace(/\n$/, "").split("\n").map((line) => pad + line).join("\n")}`;
  }

  /** The object as kubectl get -o yaml shows it, as lines. */
  function yaml(found, version, isFirst) {
    const json = { ...found.json, metadata: { ...found.json.metadata, resourceVersion: String(version[1]) } };
    return lines(json, 0, isFirst ? undefined : version[4], []);
  }

  function choices(cut) {
    const kinds = [...new Set(data.replay.objects.map((object) => object.kind))];
    const place = (kind) => (KINDS.includes(kind) ? KINDS.indexOf(kind) : KINDS.length);
    return kinds.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  }

  function fill(select, options, chosen) {
    const wanted = options.map(([value, text]) => `${value}\t${text}`).join("\n");
    if (select.dataset.filled !== wanted) {
      select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
      select.dataset.filled = wanted;
    }
    select.value = String(chosen);
  }

  /** A line; what was folded into a very long one unfolds on a click. */
  function lineOf([text, changed]) {
    const line = make(changed ? "mark" : "span", {}, text);
    if (text.length > LONG) {
      line.className = "long";
      line.title = "Click to unfold";
      line.onclick = () => line.classList.toggle("long");
    }
    return line;
  }

  function draw() {
    const cut = state.cut();
    if (state.now.object === undefined) state.now.object = Math.max(0, data.replay.objects.findIndex((object) => object.kind === "Deployment"));
    const object = data.replay.objects[state.now.object];
    if (!object) return;
    fill(byId("kind"), choices(cut).map((kind) => [kind, kind]), object.kind);
    const there = [...data.list(object.kind, cut)].map(({ object, index }) => [index, data.title(object)]);
    if (!there.some(([index]) => index === state.now.object)) there.push([state.now.object, `${data.title(object)} (not there)`]);
    fill(byId("object"), there.sort((a, b) => (a[1] < b[1] ? -1 : 1)), state.now.object);
    const n = data.countPast(object.versions, cut) - 1, found = data.at(object, cut);
    byId("version-back").disabled = n <= 0;
    byId("version-next").disabled = n + 1 >= object.versions.length;
    const version = object.versions[n];
    byId("version").textContent = version ? `version ${n + 1} of ${object.versions.length}, by ${data.actor(version[2])} (${version[3]}) at ${data.clock(version[0])}` : "not created yet";
    if (!found) return byId("yaml").replaceChildren(n < 0 ? "It does not exist yet." : "It has been removed.");
    byId("yaml").replaceChildren(...yaml(found, version, n === 0).map(lineOf));
  }

  function toVersion(by) {
    const object = data.replay.objects[state.now.object];
    const version = object.versions[data.countPast(object.versions, state.cut()) - 1 + by];
    if (!version) return;
    const step = state.steps.find((step) => step.version === version[1]);
    if (step) state.toStep(step.index);
    else state.go(version[0]);
  }

  function begin() {
    byId("kind").onchange = (event) => {
      const first = data.list(event.target.value, state.cut()).next().value;
      state.set({ object: first ? first.index : data.replay.objects.findIndex((object) => object.kind === event.target.value) });
    };
    byId("object").onchange = (event) => state.set({ object: Number(event.target.value) });
    byId("version-back").onclick = () => toVersion(-1);
    byId("version-next").onclick = () => toVersion(1);
    state.watch((why) => why !== "guess" && why !== "theme" && draw());
  }
  return { begin, yaml };
})();

// Any object at the instant as YAML; what its last version changed is marked.
const object = (() => {
  const KINDS = ["Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Service", "EndpointSlice", "Node"];

  const LONG = 300;

  /** The object as kubectl get -o yaml shows it, as lines. */
  function shown(found, version, isFirst) {
    const json = { ...found.json, metadata: { ...found.json.metadata, resourceVersion: String(version[1]) } };
    return yaml.lines(json, isFirst ? undefined : version[4]);
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
    const place = state.object(), object = data.replay.objects[place];
    if (!object) return;
    fill(byId("kind"), choices(cut).map((kind) => [kind, kind]), object.kind);
    const there = [...data.list(object.kind, cut)].map(({ object, index }) => [index, data.title(object)]);
    if (!there.some(([index]) => index === place)) there.push([place, `${data.title(object)} (not there)`]);
    fill(byId("object"), there.sort((a, b) => (a[1] < b[1] ? -1 : 1)), place);
    byId("follow").checked = state.now.object === undefined;
    const n = data.countPast(object.versions, cut) - 1, found = data.at(object, cut);
    byId("version-back").disabled = n <= 0;
    byId("version-next").disabled = n + 1 >= object.versions.length;
    const version = object.versions[n];
    byId("version").textContent = version ? `version ${n + 1} of ${object.versions.length}, by ${data.actor(version[2])} (${version[3]}) at ${data.clock(version[0])}` : "not created yet";
    if (!found) return byId("yaml").replaceChildren(n < 0 ? "It does not exist yet." : "It has been removed.");
    byId("yaml").replaceChildren(...shown(found, version, n === 0).map(lineOf));
  }

  function toVersion(by) {
    const place = state.object(), object = data.replay.objects[place];
    const version = object.versions[data.countPast(object.versions, state.cut()) - 1 + by];
    if (!version) return;
    state.now.object = place;
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
    byId("follow").onchange = (event) => state.set({ object: event.target.checked ? undefined : state.object() });
    byId("version-back").onclick = () => toVersion(-1);
    byId("version-next").onclick = () => toVersion(1);
    state.watch((why) => why !== "guess" && why !== "theme" && draw());
  }
  return { begin };
})();

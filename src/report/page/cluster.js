// The cluster: nodes with their pods, coloured by state, striped by revision. Of a big run one cell a node.
const cluster = (() => {
  const STATES = {
    pending: ["…", "waiting for a node"], starting: ["◐", "starting"], notready: ["◌", "running, not ready"], ready: ["✓", "ready"],
    ending: ["×", "ending"], failed: ["!", "failed or crashing"], done: ["■", "done"],
  };

  const NAMED_MAX = 80;
  let areNamed = false;

  const isReady = (pod) => ((pod.status || {}).conditions || []).some((condition) => condition.type === "Ready" && condition.status === "True");

  /** Which of the states a pod's row is. */
  function stateOf(pod, [ready, containers, status]) {
    if (status === "Terminating") return "ending";
    if (["Completed", "Succeeded"].includes(status)) return "done";
    if (/Crash|Err|Error|Failed|OOM|Evicted|BackOff|Invalid|ExitCode|Signal|NodeLost|Unknown/.test(status)) return "failed";
    if (!pod.spec.nodeName) return "pending";
    if (status === "Running") return ready === containers && isReady(pod) ? "ready" : "notready";
    return status === "NotReady" ? "notready" : "starting";
  }

  /** The revision of a pod by its owner: of a Deployment its number, of others the end of their hash. */
  function revision(pod, cut) {
    const labels = pod.metadata.labels || {};
    const owner = (pod.metadata.ownerReferences || []).find((owner) => owner.controller);
    if (owner && owner.kind === "ReplicaSet") {
      const set = data.replay.objects[data.find("ReplicaSet", pod.metadata.namespace, owner.name)];
      const found = set && data.at(set, cut);
      const number = found && (found.json.metadata.annotations || {})["deployment.kubernetes.io/revision"];
      if (number) return { text: number, color: revisionColor(Number(number)) };
    }
    const hash = labels["controller-revision-hash"];
    if (!hash) return { text: "", color: "transparent" };
    const known = (revision.hashes ||= new Map());
    if (!known.has(hash)) known.set(hash, known.size);
    return { text: hash.slice(-2), color: revisionColor(known.get(hash) + 1) };
  }

  /** All pods at the cut. */
  function pods(cut) {
    return [...data.list("Pod", cut)].map((found) => {
      const row = data.row(found.object, found.n);
      return { ...found, row, state: stateOf(found.json, row), node: found.json.spec.nodeName || "" };
    });
  }

  /** What a person calls the pod: its Deployment, its own name if it has an identity. */
  function called(pod) {
    const owner = (pod.metadata.ownerReferences || []).find((owner) => owner.controller);
    if (!owner || owner.kind === "StatefulSet") return pod.metadata.name;
    return owner.kind === "ReplicaSet" ? owner.name.replace(/-[a-z0-9]+$/, "") : owner.name;
  }

  function chip(pod, cut) {
    const { text, color } = revision(pod.json, cut);
    const step = state.steps[state.now.step];
    const what = `${data.title(pod.object)}, ${pod.row[2]}, ${pod.row[0]} of ${pod.row[1]} ready, ${STATES[pod.state][1]}${text ? `, revision ${text}` : ""}${pod.row[3] ? `, ${pod.row[3]} restarts` : ""}`;
    const button = make("button", {
      type: "button", class: `pod ${pod.state}${text ? "" : " plain"}${step && step.object === pod.index ? " changed" : ""}`, style: `--revision: ${color}`, title: what,
      "aria-label": what, "aria-pressed": String(state.object() === pod.index), "data-pod": pod.object.name, onclick: () => state.set({ object: pod.index }),
    }, [STATES[pod.state][0], areNamed ? called(pod.json) : "", text].filter(Boolean).join(" "));
    return make("li", {}, button);
  }

  const UNITS = { n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 };
  function quantity(text) {
    const [, number, unit] = /^([0-9.eE+-]+?)([a-zA-Z]*)$/.exec(text || "0") || [0, "0", ""];
    return parseFloat(number) * (UNITS[unit] ?? 1);
  }

  /** What the pod's containers ask for of a resource. */
  function request(pod, resource) {
    const of = (containers) => (containers || []).map((container) => quantity(((container.resources || {}).requests || {})[resource]));
    return Math.max(of(pod.spec.containers).reduce((sum, amount) => sum + amount, 0), ...of(pod.spec.initContainers), 0);
  }

  function nodeCard(node, inside, cut) {
    const status = node.json.status || {};
    const ready = (status.conditions || []).some((condition) => condition.type === "Ready" && condition.status === "True");
    const cordoned = node.json.spec && node.json.spec.unschedulable;
    const cpu = quantity((status.allocatable || {}).cpu);
    const asked = inside.filter((pod) => pod.state !== "done").reduce((sum, pod) => sum + request(pod.json, "cpu"), 0);
    const words = `${ready ? "Ready" : "NotReady"}${cordoned ? ", cordoned" : ""}`;
    return make("li", { class: `node${ready ? "" : " lost"}${cordoned ? " cordoned" : ""}`, "data-node": node.object.name },
      make("header", {},
        make("button", { type: "button", onclick: () => state.set({ object: node.index }), "aria-label": `Node ${node.object.name}, ${words}` }, node.object.name),
        make("span", { class: "state" }, words)),
      make("div", { class: "fill", "aria-hidden": "true" }, make("i", { style: `width: ${cpu ? Math.min(100, (asked / cpu) * 100) : 0}%` })),
      make("div", { class: "fill-text" }, `${+asked.toFixed(2)} of ${cpu} cpu requested, ${inside.length} ${inside.length === 1 ? "pod" : "pods"}`),
      make("ul", { class: "pods", "aria-label": `Pods on ${node.object.name}` }, ...inside.map((pod) => chip(pod, cut))));
  }

  function summary(all) {
    const counts = Object.keys(STATES).map((name) => [all.filter((pod) => pod.state === name).length, STATES[name][1]]).filter(([count]) => count);
    return all.length ? `${all.length} ${all.length === 1 ? "pod" : "pods"}: ${counts.map(([count, words]) => `${count} ${words}`).join(", ")}` : "No pods.";
  }

  function draw() {
    if (data.replay.big) return big.draw();
    const cut = state.cut();
    const all = pods(cut);
    areNamed = all.length <= NAMED_MAX && new Set(all.map((pod) => called(pod.json))).size > 1;
    const nodes = [...data.list("Node", cut)];
    byId("cluster-sum").textContent = summary(all);
    const zones = new Map();
    for (const node of nodes) {
      const zone = (node.json.metadata.labels || {})["topology.kubernetes.io/zone"] || "";
      zones.set(zone, [...(zones.get(zone) || []), node]);
    }
    const place = byId("cluster");
    const focused = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.pod : undefined;
    const parts = [], groups = [];
    const waiting = all.filter((pod) => !pod.node);
    if (waiting.length) {
      parts.push(make("p", { class: "zone" }, "on no node yet"), make("ul", { class: "pods", "aria-label": "Pods on no node" }, ...waiting.map((pod) => chip(pod, cut))));
    }
    for (const [zone, members] of [...zones].sort()) {
      const title = zone ? make("p", { class: "zone" }, `zone ${zone}`) : null;
      groups.push(make("div", {}, title, make("ul", { class: "nodes" }, ...members.map((node) => nodeCard(node, all.filter((pod) => pod.node === node.object.name), cut)))));
    }
    parts.push(make("div", { class: groups.length > 1 ? "zones" : "" }, ...groups));
    place.replaceChildren(...parts);
    if (focused) place.querySelector(`[data-pod="${focused}"]`)?.focus();
  }

  function legend() {
    const parts = Object.entries(STATES).map(([name, [sign, words]]) => make("span", {}, make("span", { class: `pod plain ${name}`, "aria-hidden": "true" }, sign), words));
    const most = Math.max(0, ...data.all.rollouts.flatMap((rollout) => rollout.revisions.map((revision) => revision.revision)));
    const stripe = (number) => make("span", {}, make("span", { class: "stripe", style: `background: ${revisionColor(number)}` }), String(number));
    if (most) parts.push(make("span", { class: "stripes" }, "stripe and number: the revision", ...REVISIONS.slice(0, most).map((_, place) => stripe(place + 1))));
    else if (data.first("StatefulSet") !== undefined || data.first("DaemonSet") !== undefined) parts.push(make("span", {}, "stripe and letters: the revision, by the end of its hash"));
    byId("legend").replaceChildren(...(data.replay.big ? big.legend() : parts));
  }

  function begin() {
    legend();
    state.watch(draw);
  }
  return { begin, pods, summary };
})();

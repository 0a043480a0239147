// The three parts of the scheduling queue at the instant, and what is being decided on.
const queue = (() => {
  const PARTS = {
    active: ["active", "next to be looked at, the most important first"],
    backoff: ["back-off", "failed a short while ago; comes back when its time is over"],
    unschedulable: ["unschedulable", "fits nowhere; comes back when the cluster changes"],
  };
  const PLACES = { "backoff after an error": "backoff", gated: "unschedulable", "being scheduled": "busy" };
  const SHOWN_MAX = 12;

  /** Where each pod is at an instant: pod -> [part, event, since]. */
  function at(t) {
    const where = new Map();
    for (const [when, pod, , to, event] of data.replay.queue) {
      if (when > t) break;
      if (to === "gone") where.delete(pod);
      else where.set(pod, [to, event, when]);
    }
    return where;
  }

  function line(pod, [place, event, since]) {
    const note = place === "gated" ? " (gated)" : place === "backoff after an error" ? " (after an error)" : "";
    return make("li", { title: `${event}, since ${data.clock(since)}` }, pod.replace(/^default\//, "") + note);
  }

  function part(name, entries) {
    const [title, words] = PARTS[name];
    const more = entries.length > SHOWN_MAX ? make("li", {}, `and ${entries.length - SHOWN_MAX} more`) : null;
    return make("div", { "data-part": name }, make("h3", {}, `${title}: ${entries.length}`), make("p", {}, words),
      make("ul", {}, ...entries.slice(0, SHOWN_MAX).map(([pod, place]) => line(pod, place)), more));
  }

  function draw() {
    const where = at(state.now.t);
    const members = { active: [], backoff: [], unschedulable: [], busy: [] };
    for (const entry of where) (members[PLACES[entry[1][0]] || entry[1][0]] || []).push(entry);
    const busy = members.busy.length ? make("p", { class: "busy" }, `being scheduled or bound: ${members.busy.map(([pod]) => pod.replace(/^default\//, "")).slice(0, 3).join(", ")}`) : null;
    byId("queue").replaceChildren(...Object.keys(PARTS).map((name) => part(name, members[name])), ...(busy ? [busy] : []));
  }

  return { begin: () => state.watch((why) => why !== "guess" && why !== "theme" && draw()), at };
})();

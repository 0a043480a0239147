// One scheduling decision: nodes by plugins, with why a node was left out and what the others scored. Which one won is shown
// when somebody has guessed.
const decision = (() => {
  /** The attempt at the present step, or else the last one before. */
  function current() {
    const step = state.steps[state.now.step];
    if (step && step.attempt !== null && step.attempt !== undefined) return step.attempt;
    return data.countPast(data.replay.attempts.map((attempt) => [attempt.t]), { t: state.now.t }) - 1;
  }

  function scores(attempt, row) {
    return attempt.plugins.map((_, place) => {
      if (!row[2]) return make("td", { class: "number" }, "–");
      const weighted = `${row[3][place]} × ${attempt.weights[place]}`;
      return make("td", { class: "number" }, weighted, make("span", { class: "raw" }, `raw ${row[2][place]}`));
    });
  }

  function feasibleRow(number, attempt, row, guessed) {
    const [node, total] = row, won = guessed && node === attempt.node;
    const mark = isOpen(attempt) && guessed === node ? (won ? "✓ your guess" : "✗ your guess") : won ? "★ chosen" : "";
    const first = guessed ? make("td", {}, mark) : make("td", {}, make("button", { type: "button", "data-guess": node, onclick: () => guess(number, node), "aria-label": `this one: ${node}` }, "this one"));
    return make("tr", { class: won ? "winner" : "" }, first, make("th", { scope: "row" }, node), make("td", {}, "fits"),
      ...scores(attempt, row), make("td", { class: "number" }, guessed ? String(total ?? "–") : "?"));
  }

  function rejectedRow(attempt, [node, plugin, reasons]) {
    const width = attempt.plugins.length + 1;
    return make("tr", {}, make("td", {}), make("th", { scope: "row" }, node), make("td", { class: "why", colspan: width + 1 }, `${plugin}: ${reasons.join(", ")}`));
  }

  function table(number, attempt, guessed) {
    attempt.plugins ||= [];
    const plugins = attempt.plugins.map((name) => make("th", { scope: "col", class: "plugin number" }, name.replace(/([a-z])([A-Z])/g, "$1\u200b$2")));
    const rows = [...attempt.feasible];
    if (guessed) rows.sort((a, b) => (b[1] || 0) - (a[1] || 0) || (b[0] === attempt.node) - (a[0] === attempt.node));
    return make("div", { class: "tables", tabindex: "0", role: "region", "aria-label": "Nodes by plugins" }, make("table", {},
      make("thead", {}, make("tr", {}, make("td", {}), make("th", { scope: "col" }, "Node"), make("th", { scope: "col" }, "Filter"), ...plugins, make("th", { scope: "col", class: "number" }, "Total"))),
      make("tbody", {}, ...rows.map((row) => feasibleRow(number, attempt, row, guessed)), ...attempt.rejected.map((row) => rejectedRow(attempt, row)))));
  }

  /** Nothing to guess if no node or only one fits. */
  const isOpen = (attempt) => attempt.node && attempt.feasible.length > 1;

  function guess(number, node) {
    state.guess(number, node);
  }

  function verdict(attempt, guessed) {
    if (!attempt.node) return attempt.message;
    if (!isOpen(attempt)) return attempt.feasible.length === 1 ? `Only ${attempt.node} is left; nothing is scored.` : `The scheduler takes ${attempt.node}.`;
    if (!guessed) return "Which node will it be? Normalised score × weight, summed over the plugins, decides. Guess to see.";
    const ties = (attempt.ties || []).length > 1 ? ` Equal best: ${attempt.ties.join(", ")}; among equals the order in the scheduler's heap decides.` : "";
    if (guessed === attempt.node) return `Right: ${attempt.node}.${ties}`;
    return `No: the scheduler takes ${attempt.node}.${ties}`;
  }

  function draw() {
    const number = current(), attempt = data.replay.attempts[number];
    if (!attempt) {
      byId("decision").replaceChildren(make("p", { class: "soft" }, "No pod has been scheduled yet."));
      byId("verdict").textContent = "";
      return;
    }
    const guessed = state.now.guesses.get(number) || (attempt.node && !isOpen(attempt) ? attempt.node : "");
    const shown = attempt.feasible.length + attempt.rejected.length, all = attempt.feasibleCount + attempt.rejectedCount;
    const words = `Attempt ${attempt.attempt} for pod ${attempt.pod.replace(/^default\//, "")} at ${data.clock(attempt.t)}, taken from the ${attempt.from.replace("backoff", "back-off")} queue: ${attempt.feasibleCount} ${attempt.feasibleCount === 1 ? "node fits" : "nodes fit"}, ${attempt.rejectedCount} ${attempt.rejectedCount === 1 ? "does" : "do"} not.`;
    const parts = [make("p", {}, words + (shown < all ? ` The table shows ${shown} of them.` : ""))];
    if (shown) parts.push(table(number, attempt, guessed));
    for (const hint of attempt.nearest || []) parts.push(make("p", { class: "soft" }, `Would fit: ${hint}`));
    byId("decision").replaceChildren(...parts);
    byId("verdict").textContent = verdict(attempt, guessed);
  }

  return { begin: () => state.watch((why) => why !== "theme" && draw()), current, guess };
})();

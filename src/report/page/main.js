// Puts the panels to work, and lets other tools ask the page.
(() => {
  byId("panels").hidden = false;
  for (const panel of [player, cluster, ring, queue, decision, chart, traffic, events, object]) panel.begin();
  story();
  byId("download").onclick = download;
  window.addEventListener("hashchange", state.recall);
  window.addEventListener("resize", () => data.replay.big && state.set({}));
  state.recall();

  /** Lines of the story lead to their instant, and those to come are pale. */
  function story() {
    const rows = [...document.querySelectorAll(".story tr")];
    for (const row of rows) {
      const cell = row.firstElementChild, text = cell.textContent;
      cell.replaceChildren(make("button", { type: "button", onclick: () => player.to(Number(row.dataset.t)), "aria-label": `Go to ${text}` }, text));
    }
    state.watch(() => rows.forEach((row) => row.classList.toggle("future", Number(row.dataset.t) > state.now.t)));
  }

  function download() {
    const file = new Blob([byId("kubesim-data").textContent], { type: "application/json" });
    const link = make("a", { href: URL.createObjectURL(file), download: `${data.all.name}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /** What other tools may ask: see docs/report-page.md. */
  window.kubesim = {
    data: data.all,
    now: state.now,
    steps: state.steps,
    address: state.address,
    go: state.go,
    step: state.step,
    toStep: state.toStep,
    guess: decision.guess,
    attempt: decision.current,
    /** Pods at the present instant: {namespace, name, ready, status, restarts, node}. */
    pods: () => cluster.pods(state.cut()).map(({ object, row, node }) => ({ namespace: object.namespace, name: object.name, ready: `${row[0]}/${row[1]}`, status: row[2], restarts: row[3], node })),
    /** An object at the present instant as JSON. */
    object: (kind, namespace, name) => {
      const found = data.replay.objects[data.find(kind, namespace, name)];
      return found && data.at(found, state.cut())?.json;
    },
  };
})();

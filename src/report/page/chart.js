// The rollout of a Deployment over time, with a cursor at the instant.
const chart = (() => {
  const REVISIONS_MAX = 6;
  let plot, shown;

  /** The series of a Deployment as [label, points, colour, width, dash]. */
  function lines(rollout) {
    const out = [
      ["wanted", rollout.desired, plots.look("--soft"), 1.5, [6, 4]],
      ["at least available", rollout.availableMin, plots.look("--bad"), 1.5, [2, 3]],
      ["at most in all", rollout.totalMax, plots.look("--fault"), 1.5, [2, 3]],
      ["available", rollout.available, plots.COLORS.green, 3, undefined],
    ];
    for (const revision of rollout.revisions.slice(-REVISIONS_MAX)) {
      const image = revision.images.split("/").pop();
      out.push([`revision ${revision.revision} ready (${image})`, revision.ready, revisionColor(revision.revision), 2, undefined]);
    }
    return out;
  }

  function build() {
    const rollout = data.all.rollouts[state.now.rollout];
    shown = state.now.rollout;
    if (plot) plots.destroy(plot);
    const all = lines(rollout), paths = uPlot.paths.stepped({ align: 1 });
    const series = all.map(([label, , stroke, width, dash]) => ({ label, stroke, width, dash, paths, points: { show: false } }));
    plot = plots.build(byId("chart"), { series, table: plots.aligned(all.map(([, points]) => points)), height: data.all.traffic.length ? 430 : 280, unit: "pods" });
  }

  function draw(why) {
    if (!plot || shown !== state.now.rollout || why === "theme") build();
    else plots.redraw(plot);
    const rollout = data.all.rollouts[state.now.rollout];
    const words = lines(rollout).filter(([, points]) => data.value(points, state.now.t) !== undefined).map(([label, points]) => `${label} ${data.value(points, state.now.t)}`);
    byId("chart-text").textContent = `At ${data.clock(state.now.t)}: ${words.join("; ")}`;
  }

  function begin() {
    const choice = byId("rollout"), rollouts = data.all.rollouts;
    if (!rollouts.length) return;
    byId("h-chart").parentElement.hidden = false;
    byId("h-chart").parentElement.classList.toggle("wide", !data.all.traffic.length);
    choice.replaceChildren(...rollouts.map((rollout, place) => make("option", { value: place }, data.title(rollout))));
    plots.choose(byId("chart-span"));
    choice.onchange = () => state.set({ rollout: Number(choice.value) });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    state.watch((why) => {
      if (!rollouts[state.now.rollout]) state.now.rollout = 0;
      choice.value = state.now.rollout;
      if (why !== "guess") draw(why);
    });
  }
  return { begin };
})();

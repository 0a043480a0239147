// The rollout of a Deployment over time, with a cursor at the instant. Drawn by uPlot.
const chart = (() => {
  const COLORS = ["#0072b2", "#e69f00", "#cc79a7", "#56b4e9", "#d55e00", "#009e73"];
  const REVISIONS_MAX = 6;
  let plot, shown;

  /** The series of a Deployment as [label, points, colour, width, dash]. */
  function lines(rollout) {
    const out = [
      ["wanted", rollout.desired, "#7a858e", 1.5, [6, 4]],
      ["at least available", rollout.availableMin, "#a84300", 1.5, [2, 3]],
      ["at most in all", rollout.totalMax, "#8d3a68", 1.5, [2, 3]],
      ["available", rollout.available, "#009e73", 3, undefined],
    ];
    rollout.revisions.slice(-REVISIONS_MAX).forEach((revision, place) => {
      const image = revision.images.split("/").pop();
      out.push([`revision ${revision.revision} ready (${image})`, revision.ready, COLORS[(revision.revision - 1 + COLORS.length) % COLORS.length] || COLORS[place], 2, undefined]);
    });
    return out;
  }

  /** uPlot wants all series on one list of times. */
  function aligned(series) {
    const times = [...new Set([0, data.all.endMs, ...series.flatMap((points) => points.map(([t]) => t))])].sort((a, b) => a - b);
    return [times.map((t) => t / 1000), ...series.map((points) => times.map((t) => data.value(points, t) ?? null))];
  }

  function cursorAt(u) {
    const x = Math.round(u.valToPos(state.now.t / 1000, "x", true));
    u.ctx.save();
    u.ctx.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink");
    u.ctx.lineWidth = 2 * devicePixelRatio;
    u.ctx.beginPath();
    u.ctx.moveTo(x, u.bbox.top);
    u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    u.ctx.stroke();
    u.ctx.restore();
  }

  function marks(u) {
    u.ctx.save();
    u.ctx.setLineDash([3, 4]);
    u.ctx.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--soft");
    for (const [t] of data.all.marks.slice(0, 60)) {
      const x = Math.round(u.valToPos(t / 1000, "x", true));
      u.ctx.beginPath();
      u.ctx.moveTo(x, u.bbox.top);
      u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
      u.ctx.stroke();
    }
    u.ctx.restore();
  }

  function axis(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function build() {
    const rollout = data.all.rollouts[state.now.rollout];
    shown = state.now.rollout;
    plot?.destroy();
    const all = lines(rollout), stepped = uPlot.paths.stepped({ align: 1 });
    const look = { stroke: axis("--soft"), grid: { stroke: axis("--line"), width: 1 }, ticks: { stroke: axis("--line"), width: 1 } };
    plot = new uPlot({
      width: byId("chart").clientWidth || 600, height: 260, cursor: { drag: { x: false, y: false } }, hooks: { draw: [marks, cursorAt] },
      scales: { x: { time: false }, y: { range: (u, low, high) => [0, Math.max(1, high) * 1.08] } },
      axes: [{ ...look, space: 60, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400], values: (u, values) => values.map((s) => data.clock(s * 1000).replace(/\.\ds$/, "s").replace(/m00s$/, "m")) }, { ...look, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] }],
      legend: { live: false },
      series: [{ label: "at", value: (u, s) => (s === null ? "" : data.clock(s * 1000)) },
        ...all.map(([label, , stroke, width, dash]) => ({ label, stroke, width, dash, paths: stepped, points: { show: false } }))],
    }, aligned(all.map(([, points]) => points)), byId("chart"));
    plot.over.addEventListener("click", () => player.to(plot.posToVal(plot.cursor.left, "x") * 1000));
  }

  function draw(why) {
    if (!data.all.rollouts.length) return;
    if (!plot || shown !== state.now.rollout || why === "theme") build();
    else plot.redraw(false);
    const rollout = data.all.rollouts[state.now.rollout];
    const words = lines(rollout).filter(([, points]) => data.value(points, state.now.t) !== undefined).map(([label, points]) => `${label} ${data.value(points, state.now.t)}`);
    byId("chart-text").textContent = `At ${data.clock(state.now.t)}: ${words.join("; ")}`;
  }

  function begin() {
    const choice = byId("rollout"), rollouts = data.all.rollouts;
    if (!rollouts.length) {
      byId("h-chart").parentElement.hidden = true;
      return;
    }
    choice.replaceChildren(...rollouts.map((rollout, place) => make("option", { value: place }, data.title(rollout))));
    choice.onchange = () => state.set({ rollout: Number(choice.value) });
    byId("chart").setAttribute("role", "img");
    byId("chart").setAttribute("aria-label", "Pods of the Deployment over time; the values at this instant are told below.");
    window.addEventListener("resize", () => plot && plot.setSize({ width: byId("chart").clientWidth, height: 260 }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => build());
    state.watch((why) => { if (!rollouts[state.now.rollout]) state.now.rollout = 0; choice.value = state.now.rollout; draw(why); });
  }
  return { begin };
})();

// What users noticed of a load: requests a second with failures by cause, how long they took, and the endpoints of the Service
// against the replicas that are wanted. All three have a cursor at the instant.
const traffic = (() => {
  const HEIGHT = 165;
  const CAUSES = { "connection refused": "red", "connection reset": "pink", "time-out": "orange", "no endpoints": "blue", "host unreachable": "sky", "name not found": "" };
  const causeColor = (cause) => plots.COLORS[CAUSES[cause]] || plots.look("--soft");
  let drawn = [], shown;

  /** Points with the silence between them: [t, seconds, answered, failed, p50, p95, p99]. */
  function rows(load) {
    const out = [];
    let end = 0;
    for (const point of load.points) {
      if (point[0] > end + 1) out.push([end, 0]);
      out.push(point);
      end = Math.round(point[0] + point[1] * 1000);
    }
    if (end < data.all.endMs) out.push([end, 0], [data.all.endMs, 0]);
    return out;
  }

  const failures = (row) => (row[3] || []).reduce((sum, count) => sum + count, 0);
  const rate = (row, count) => (row[1] ? count / row[1] : 0);
  const short = (value) => (value === null || value === undefined ? "–" : String(+value.toFixed(value < 10 ? 1 : 0)));

  /** Failures stand at the bottom, where their height can be read; what was answered stands upon them. */
  function requests(load, all) {
    const stepped = uPlot.paths.stepped({ align: 1 });
    const failed = (row, upTo) => (row[3] || []).slice(0, upTo + 1).reduce((sum, count) => sum + count, 0);
    const heights = load.causes.map((_, cause) => all.map((row) => rate(row, failed(row, cause))));
    const own = (cause) => (u, value, series, at) => (at === null || at === undefined ? "–" : `${short(rate(all[at], (all[at][3] || [])[cause] || 0))}/s`);
    const series = load.causes.map((label, cause) => {
      const color = causeColor(label);
      return { label, stroke: color, fill: cause ? undefined : color, width: 1, paths: stepped, points: { show: false }, value: own(cause) };
    });
    const bands = load.causes.slice(1).map((label, below) => ({ series: [below + 2, below + 1], fill: causeColor(label) }));
    const green = plots.COLORS.green, count = load.causes.length;
    const value = (u, _, s, at) => (at === null || at === undefined ? "–" : `${short(rate(all[at], all[at][2] || 0))}/s`);
    series.push({ label: "answered", stroke: green, fill: count ? undefined : `${green}55`, width: 1.5, paths: stepped, points: { show: false }, value });
    if (count) bands.push({ series: [count + 1, count], fill: `${green}55` });
    const top = all.map((row) => rate(row, (row[2] || 0) + failures(row)));
    return { series, bands, table: [all.map((row) => row[0] / 1000), ...heights, top], unit: "requests / s" };
  }

  /** A rare time-out must not flatten all the rest. */
  function cap(all) {
    const highest = all.map((row) => row[6]).filter((value) => value !== undefined).sort((a, b) => a - b);
    const usual = highest[Math.floor(highest.length * 0.9)] || 1;
    return Math.max(1, Math.min(highest[highest.length - 1] || 1, usual * 8));
  }

  function durations(load, all) {
    const value = (u, ms) => (ms === null || ms === undefined ? "–" : `${short(ms)} ms`);
    const colors = [["p50", plots.COLORS.green, undefined], ["p95", plots.COLORS.orange, [8, 3]], ["p99", plots.COLORS.red, [3, 3]]];
    const series = colors.map(([label, stroke, dash]) => ({ label, stroke, dash, width: 1.75, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, value }));
    return { series, table: [all.map((row) => row[0] / 1000), ...[4, 5, 6].map((at) => all.map((row) => row[at] ?? null))], unit: "ms", top: cap(all) };
  }

  function endpoints(load) {
    const blue = plots.COLORS.blue, paths = uPlot.paths.stepped({ align: 1 });
    const series = [{ label: "ready endpoints", stroke: blue, fill: `${blue}40`, width: 2, paths, points: { show: false } }];
    const points = [load.endpoints];
    if (load.wanted) {
      series.push({ label: `replicas wanted (${load.of})`, stroke: plots.look("--ink"), width: 1.5, dash: [6, 4], paths, points: { show: false } });
      points.push(load.wanted);
    }
    return { series, table: plots.aligned(points), unit: "endpoints" };
  }

  function build() {
    const load = data.all.traffic[state.now.load], all = rows(load);
    shown = state.now.load;
    drawn.forEach(plots.destroy);
    const parts = { "traffic-requests": requests(load, all), "traffic-durations": durations(load, all) };
    if (load.endpoints) parts["traffic-endpoints"] = endpoints(load);
    byId("traffic-endpoints").hidden = !load.endpoints;
    drawn = Object.entries(parts).map(([place, what]) => plots.build(byId(place), { ...what, height: HEIGHT }));
  }

  /** The same in words, for those who do not see the charts. */
  function words(load) {
    const t = state.now.t, n = data.countPast(load.points, { t });
    const row = n && load.points[n - 1][0] + load.points[n - 1][1] * 1000 > t ? load.points[n - 1] : undefined;
    const out = [];
    if (row) {
      out.push(`${short(rate(row, row[2]))} requests a second answered`);
      load.causes.forEach((cause, at) => row[3][at] && out.push(`${short(rate(row, row[3][at]))} a second failed: ${cause}`));
      out.push(`half took at most ${short(row[4])} ms, 95 % ${short(row[5])} ms, 99 % ${short(row[6])} ms`);
    } else out.push("no requests");
    if (load.endpoints) out.push(`${data.value(load.endpoints, t) ?? 0} endpoints ready`);
    if (load.wanted) out.push(`${data.value(load.wanted, t) ?? 0} replicas wanted`);
    return `At ${data.clock(t)}: ${out.join("; ")}.`;
  }

  function summary(load) {
    const failed = load.failed.reduce((sum, count) => sum + count, 0), sent = load.answered + failed;
    const causes = load.causes.map((cause, at) => `${cause} ${load.failed[at]}`).join(", ");
    return `${sent} requests to service ${load.service} in all, ${failed ? `${failed} failed (${((failed / sent) * 100).toPrecision(3)} %): ${causes}` : "none failed"}.`;
  }

  function draw(why) {
    if (shown !== state.now.load || why === "theme") build();
    else drawn.forEach(plots.redraw);
    const load = data.all.traffic[state.now.load];
    byId("traffic-sum").textContent = summary(load);
    byId("traffic-text").textContent = words(load);
  }

  function begin() {
    const loads = data.all.traffic, choice = byId("load");
    if (!loads.length) return;
    byId("h-traffic").parentElement.hidden = false;
    byId("h-traffic").parentElement.classList.toggle("wide", !data.all.rollouts.length);
    choice.replaceChildren(...loads.map((load, place) => make("option", { value: place }, load.name)));
    choice.parentElement.hidden = loads.length < 2;
    plots.choose(byId("traffic-span"));
    choice.onchange = () => {
      const chosen = loads[choice.value], beside = data.all.rollouts.findIndex((rollout) => rollout.namespace === chosen.namespace && `deployment ${rollout.name}` === chosen.of);
      state.set({ load: Number(choice.value), rollout: beside < 0 ? state.now.rollout : beside });
    };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    state.watch((why) => {
      if (!loads[state.now.load]) state.now.load = 0;
      choice.value = state.now.load;
      if (why !== "guess") draw(why);
    });
  }
  return { begin };
})();

// What all charts have in common: uPlot with the page's looks, the commands and failures as dashed lines, a cursor at the
// instant, a legend that tells the values there, and a click that leads to an instant.
const plots = (() => {
  const COLORS = { blue: "#0072b2", orange: "#e69f00", pink: "#cc79a7", sky: "#56b4e9", red: "#d55e00", green: "#009e73" };
  const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 172800, 604800];
  const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1e6, 1e7];
  const MARKS_MAX = 60;
  const SPANS = [[0, "the whole run"], [20, "20 s"], [60, "a minute"], [300, "5 minutes"], [1800, "half an hour"], [14400, "4 hours"]];
  const all = new Set();

  const look = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** uPlot wants all series on one list of times. */
  function aligned(series) {
    const times = [...new Set([0, data.all.endMs, ...series.flatMap((points) => points.map(([t]) => t))])].sort((a, b) => a - b);
    return [times.map((t) => t / 1000), ...series.map((points) => times.map((t) => data.value(points, t) ?? null))];
  }

  function line(u, t, style, width, dash) {
    const x = Math.round(u.valToPos(t / 1000, "x", true));
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
    u.ctx.save();
    u.ctx.strokeStyle = style;
    u.ctx.lineWidth = width * devicePixelRatio;
    u.ctx.setLineDash(dash);
    u.ctx.beginPath();
    u.ctx.moveTo(x, u.bbox.top);
    u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    u.ctx.stroke();
    u.ctx.restore();
  }

  function overlay(u) {
    for (const [t, , isFault] of data.all.marks.slice(0, MARKS_MAX)) line(u, t, look(isFault ? "--fault" : "--soft"), 1, [3, 4]);
    line(u, state.now.t, look("--ink"), 2, []);
  }

  /** Makes a chart in `place`: `series` are uPlot's, `unit` is what the axis counts. */
  function build(place, { series, bands, table, height, unit, top }) {
    const axis = { stroke: look("--soft"), grid: { stroke: look("--line"), width: 1 }, ticks: { stroke: look("--line"), width: 1 } };
    const size = () => Math.max(200, place.clientWidth);
    const u = new uPlot({
      width: size(), height, bands, cursor: { drag: { x: false, y: false } }, hooks: { draw: [overlay], ready: [() => tell(plot)] }, padding: [10, 14, 0, 0],
      scales: { x: { time: false, range: () => span() }, y: { range: (u, low, high) => [0, (top || Math.max(1, high)) * 1.08] } },
      axes: [
        { ...axis, space: 70, incrs: TIMES, values: (u, values) => values.map((s) => data.clock(s * 1000).replace(/\.\ds$/, "s").replace(/m00s$/, "m").replace(/h00m$/, "h")) },
        { ...axis, size: 58, label: unit, labelSize: 18, incrs: COUNTS },
      ],
      series: [{ label: "at", value: (u, s) => (s === null || s === undefined ? "" : data.clock(s * 1000)) }, ...series],
    }, table, place);
    const plot = { u, place, table, height, size };
    u.over.addEventListener("click", (event) => player.to(u.posToVal(event.offsetX, "x") * 1000));
    u.over.addEventListener("mouseleave", () => tell(plot));
    all.add(plot);
    return plot;
  }

  function destroy(plot) {
    plot.u.destroy();
    all.delete(plot);
  }

  /** The seconds from and to that are drawn: all of the run, or as many as one wants around the instant. */
  function span() {
    const end = data.all.endMs / 1000, wide = state.now.window;
    if (!wide || wide >= end) return [0, end];
    const from = Math.min(Math.max(0, state.now.t / 1000 - wide / 2), end - wide);
    return [from, from + wide];
  }

  /** Fills the choice of how much of the run is drawn. */
  function choose(select) {
    const spans = SPANS.filter(([seconds]) => seconds * 1000 < data.all.endMs);
    select.replaceChildren(...spans.map(([value, words]) => make("option", { value }, words)));
    select.onchange = () => state.set({ window: Number(select.value) });
    state.watch(() => { select.value = String(state.now.window); });
  }

  /** The legend tells the values at the instant, unless one points elsewhere. */
  function tell(plot) {
    const times = plot.table[0], t = state.now.t / 1000;
    let low = 0, high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= t) low = middle + 1;
      else high = middle;
    }
    if (low) plot.u.setLegend({ idx: low - 1 });
  }

  function redraw(plot) {
    const [from, to] = span(), { min, max } = plot.u.scales.x;
    if (from === min && to === max) plot.u.redraw(false);
    else plot.u.setScale("x", { min: from, max: to });
    tell(plot);
  }

  function resize() {
    for (const plot of all) plot.u.setSize({ width: plot.size(), height: plot.height });
  }

  window.addEventListener("resize", resize);
  return { COLORS, look, aligned, build, destroy, redraw, choose };
})();

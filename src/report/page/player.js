// The player: scrubber, buttons, keys, and the line that says what happens.
const player = (() => {
  const STEP_MS = 900;
  const SORTS = { schedule: "#0072b2", scale: "#e69f00", sync: "#9aa5ad", kill: "#d55e00", pod: "#009e73", command: "#cc79a7", fault: "#cc79a7" };
  let timer, before, scrubbed, ticked;

  function draw(why) {
    const { now, steps } = state;
    byId("clock").textContent = data.clock(now.t);
    const scrubber = byId("scrubber");
    scrubber.value = now.t;
    scrubber.setAttribute("aria-valuetext", data.clock(now.t));
    const step = steps[now.step];
    byId("now-sort").textContent = step ? `${data.clock(step.t)} ${step.sort}` : "";
    byId("now-text").textContent = step ? state.text(step) : "Nothing has happened yet.";
    byId("filter").value = now.filter;
    byId("speed").value = String(now.speed);
    byId("first").disabled = byId("back").disabled = now.t === 0 && now.step < 0;
    byId("last").disabled = now.t >= data.all.endMs;
    if (ticked === undefined || why === "look") ticks();
  }

  /** Above the scrubber, a mark for each decision; commands and failures go all the way down. */
  function ticks() {
    const canvas = byId("ticks");
    const width = canvas.clientWidth, scale = window.devicePixelRatio || 1, wanted = [width, scale, state.now.filter].join();
    if (!width || ticked === wanted) return;
    ticked = wanted;
    canvas.width = width * scale;
    canvas.height = 18 * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    for (const step of state.steps) {
      if (!state.isWanted(step)) continue;
      const x = 8 + (step.t / data.all.endMs) * (width - 16);
      const outside = step.sort === "command" || step.sort === "fault";
      pen.fillStyle = SORTS[step.sort];
      pen.fillRect(x - (outside ? 1 : 0.5), outside ? 0 : 7, outside ? 2.5 : 1, outside ? 18 : 11);
    }
  }

  function play() {
    if (timer) return pause();
    if (state.now.t >= data.all.endMs) state.go(0);
    byId("play").textContent = "Pause";
    byId("play").setAttribute("aria-label", "Pause");
    // Nobody could listen to it.
    byId("now").setAttribute("aria-live", state.now.speed ? "off" : "polite");
    before = performance.now();
    timer = state.now.speed ? setInterval(onward, 50) : setInterval(() => state.step(1) || pause(), STEP_MS);
  }

  function onward() {
    const wall = performance.now();
    state.go(state.now.t + (wall - before) * state.now.speed);
    before = wall;
    if (state.now.t >= data.all.endMs) pause();
  }

  function pause() {
    clearInterval(timer);
    timer = undefined;
    byId("play").textContent = "Play";
    byId("play").setAttribute("aria-label", "Play");
    byId("now").setAttribute("aria-live", "polite");
  }

  const isPlaying = () => Boolean(timer);
  const by = (amount) => { pause(); state.step(amount); };
  const to = (t) => { pause(); state.go(t); };

  /** The hand may be faster than the page: what it passed within one frame is not drawn. */
  function scrub() {
    byId("clock").textContent = data.clock(Number(byId("scrubber").value));
    scrubbed ||= requestAnimationFrame(() => {
      scrubbed = undefined;
      to(Number(byId("scrubber").value));
    });
  }

  function theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    state.set({}, "theme");
  }

  function nextFilter() {
    const filter = byId("filter");
    filter.selectedIndex = (filter.selectedIndex + 1) % filter.options.length;
    state.set({ filter: filter.value });
  }

  const KEYS = {
    ArrowRight: () => by(1), ArrowLeft: () => by(-1), Home: () => to(0), End: () => to(data.all.endMs),
    " ": play, f: nextFilter, t: theme, "?": () => byId("help").showModal(),
  };

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const target = event.target;
    const typed = target.closest("select, textarea, [role=region]") || (target.tagName === "INPUT" && target.id !== "scrubber");
    if (typed || (event.key === " " && target.closest("button, summary, a"))) return;
    if (event.shiftKey && ["ArrowRight", "ArrowLeft"].includes(event.key)) to(state.now.t + (event.key === "ArrowRight" ? 1000 : -1000));
    else if (KEYS[event.key]) KEYS[event.key]();
    else return;
    event.preventDefault();
  }

  function begin() {
    const scrubber = byId("scrubber");
    scrubber.max = data.all.endMs;
    scrubber.addEventListener("input", scrub);
    byId("first").onclick = () => to(0);
    byId("last").onclick = () => to(data.all.endMs);
    byId("back").onclick = () => by(-1);
    byId("next").onclick = () => by(1);
    byId("play").onclick = play;
    byId("theme").onclick = theme;
    byId("help-open").onclick = () => byId("help").showModal();
    byId("filter").onchange = (event) => state.set({ filter: event.target.value });
    byId("speed").onchange = (event) => { pause(); state.set({ speed: Number(event.target.value) }); };
    document.addEventListener("keydown", key);
    window.addEventListener("resize", ticks);
    state.watch(draw);
  }
  return { begin, isPlaying, to };
})();

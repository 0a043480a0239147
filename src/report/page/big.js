// The cluster of a big run: one cell a node, the darker the more pods. No eye could tell single pods apart.
const big = (() => {
  const SHADES = ["#eef3f7", "#cfe0ec", "#a3c7df", "#74aace", "#4489b8", "#1f6a9e", "#0b4d7c", "#06375b"];
  let nodes, most, layout;

  function prepare() {
    nodes = data.all.nodes.slice().sort((a, b) => (a.zone === b.zone ? 0 : a.zone < b.zone ? -1 : 1));
    most = Math.max(1, ...nodes.map((node) => Math.max(...node.pods.map(([, count]) => count))));
    const canvas = make("canvas", { id: "cells", role: "img" });
    const tip = make("p", { id: "cell-tip", class: "soft" }, "Point at a cell to see which node it is.");
    byId("cluster").replaceChildren(canvas, tip);
    canvas.addEventListener("pointermove", (event) => tell(event, canvas, tip));
    canvas.addEventListener("click", (event) => tell(event, canvas, tip));
  }

  function arrange(canvas) {
    const width = canvas.clientWidth || 300;
    const size = Math.max(5, Math.min(18, Math.floor(Math.sqrt((width * 380) / nodes.length))));
    const columns = Math.max(1, Math.floor(width / size));
    return { size, columns, width, height: Math.ceil(nodes.length / columns) * size };
  }

  const shade = (count) => SHADES[Math.min(SHADES.length - 1, Math.ceil((count / most) * (SHADES.length - 1)))];

  function draw() {
    if (!nodes) prepare();
    const canvas = byId("cells"), t = state.now.t, scale = window.devicePixelRatio || 1;
    canvas.style.width = "100%";
    layout = arrange(canvas);
    canvas.style.height = `${layout.height}px`;
    canvas.width = layout.width * scale;
    canvas.height = layout.height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    let pods = 0, lost = 0;
    nodes.forEach((node, place) => {
      const count = data.value(node.pods, t) || 0, ready = data.value(node.ready, t);
      pods += count;
      const x = (place % layout.columns) * layout.size, y = Math.floor(place / layout.columns) * layout.size;
      pen.fillStyle = ready === 0 ? "#d55e00" : shade(count);
      pen.fillRect(x, y, layout.size - 1, layout.size - 1);
      if (ready === 0) {
        lost += 1;
        pen.fillStyle = "#000";
        pen.fillRect(x + 1, y + layout.size / 2 - 1, layout.size - 3, 1.5);
      }
    });
    const words = `${nodes.length} nodes, ${lost} of them not ready; ${pods} pods on nodes`;
    canvas.setAttribute("aria-label", words);
    byId("cluster-sum").textContent = `${words}. This run is too big to show each pod; the first ones can be looked at under “Object”.`;
  }

  function tell(event, canvas, tip) {
    const box = canvas.getBoundingClientRect();
    const place = Math.floor((event.clientY - box.top) / layout.size) * layout.columns + Math.floor((event.clientX - box.left) / layout.size);
    const node = nodes[place];
    if (node) tip.textContent = `${node.name}${node.zone ? `, zone ${node.zone}` : ""}: ${data.value(node.pods, state.now.t) || 0} pods`;
  }

  function legend() {
    if (!nodes) prepare();
    const counts = new Set(SHADES.map((_, place) => Math.round((place / (SHADES.length - 1)) * most)));
    const shades = [...counts].map((count) => make("span", {}, make("span", { class: "stripe", style: `background: ${shade(count)}; height: 14px` }), String(count)));
    return [make("span", {}, "pods on a node:"), ...shades, make("span", {}, make("span", { class: "stripe", style: "background: #d55e00; height: 14px" }), "not ready (struck through)")];
  }
  return { draw, legend };
})();

// Draws figures: each .canvas carries its numbers in data-chart. Colours are custom
// properties of the style sheet, so charts follow the theme.
(() => {
  "use strict";
  const plots = new Map(); // id of the figure's canvas -> {plot, node, text}
  const probe = document.createElement("span");
  probe.hidden = true;
  document.documentElement.append(probe);
  const colour = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const fade = (rgb, a) => rgb.replace("rgb(", "rgba(").replace(")", `, ${a})`);
  const two = (n) => String(n).padStart(2, "0");
  const clock = (s) => { const d = new Date(s * 1000); return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`; };
  const full = (s) => new Date(s * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC";
  const short = (v) => v >= 1e6 ? +(v / 1e6).toFixed(1) + "M" : v >= 1e4 ? +(v / 1e3).toFixed(1) + "k" : +v.toPrecision(3) + "";

  // Stacked: each series is drawn as the sum of itself and those below, the tallest first.
  function stacked(spec) {
    const sums = [];
    let below = spec.x.map(() => 0);
    for (let i = spec.series.length - 1; i >= 0; i--) { below = spec.series[i].values.map((v, k) => v + below[k]); sums.unshift(below); }
    return sums;
  }
  function data(spec) { return [spec.x, ...(spec.kind === "bars" ? stacked(spec) : spec.series.map((s) => s.values))]; }

  function options(spec, node) {
    const line = colour("--line"), muted = colour("--muted");
    const span = spec.x[spec.x.length - 1] - spec.x[0];
    const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const shown = spec.series.map((s) => s.values.some((v) => v !== 0));
    return {
      width: Math.max(node.clientWidth, 50), height: node.clientHeight,
      legend: { show: false }, padding: [8, 18, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: spec.kind !== "bars" } },
      scales: { x: { time: true, range: spec.kind === "bars" ? (u, a, b) => { const s = spec.x[1] - spec.x[0] || 60; return [a - s / 2, b + s / 2]; } : undefined }, y: { range: (u, lo, hi) => [0, hi > 0 ? hi * 1.12 : 1] } },
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"),
      axes: [
        { ...axis, grid: { show: false }, size: 30, space: 70, values: (u, v) => v.map((s) => span > 2 * 86400 ? new Date(s * 1000).toISOString().slice(5, 10) : clock(s)) },
        { ...axis, size: 46, space: 36, ...(spec.kind === "bars" ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6] } : {}), values: (u, v) => v.map((n) => (spec.kind === "bars" && n % 1) ? "" : short(n)) },
      ],
      series: [{}, ...spec.series.map((s, i) => {
        const c = colour(s.colour);
        if (spec.kind === "bars") return { label: s.label, stroke: c, fill: c, width: 0, show: shown[i], points: { show: false }, paths: uPlot.paths.bars({ size: [.72, 28], radius: 0 }) };
        return { label: s.label, stroke: c, width: i ? 1.5 : 2, show: shown[i] || i === 0, fill: i ? undefined : fade(c, .1), points: { show: false } };
      })],
      hooks: { setCursor: [(u) => tip(u, spec, node)] },
    };
  }

  function tip(u, spec, node) {
    let box = node.querySelector(".tip");
    const at = u.cursor.idx;
    if (at == null || u.cursor.left < 0) { box?.remove(); return; }
    if (!box) { box = document.createElement("div"); box.className = "tip"; node.append(box); }
    const lines = spec.series.filter((s, i) => s.values[at] || (spec.kind !== "bars" && i === 0)).map((s) => `${s.label}  ${short(s.values[at])}${spec.unit}`);
    box.textContent = [full(spec.x[at]), ...(lines.length ? lines : ["nothing"])].join("\n");
    const left = u.cursor.left + u.bbox.left / devicePixelRatio;
    box.style.left = `${Math.max(0, Math.min(left + 12, node.clientWidth - box.offsetWidth))}px`;
    box.style.top = "4px";
  }

  function draw(node) {
    const text = node.dataset.chart;
    const old = plots.get(node.id);
    if (old && old.node === node && old.text === text) return;
    const spec = JSON.parse(text);
    const shape = JSON.stringify([spec.kind, ...spec.series.map((s) => [s.label, s.values.some((v) => v !== 0)])]);
    if (old && old.node === node && old.shape === shape) {
      Object.assign(old.spec, spec); // the hooks hold it
      old.text = text;
      old.plot.setData(data(old.spec));
      return;
    }
    old?.plot.destroy();
    node.replaceChildren();
    const plot = new uPlot(options(spec, node), data(spec), node);
    plots.set(node.id, { plot, node, text, spec, shape });
    node.dataset.drawn = "true";
  }
  const all = (again) => {
    for (const [id, p] of plots) if (again || !p.node.isConnected) { p.plot.destroy(); plots.delete(id); }
    document.querySelectorAll("[data-chart]").forEach(draw);
  };
  let pending;
  addEventListener("resize", () => { clearTimeout(pending); pending = setTimeout(() => { for (const p of plots.values()) p.plot.setSize({ width: Math.max(p.node.clientWidth, 50), height: p.node.clientHeight }); }, 80); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all(true));
  document.addEventListener("mirador:theme", () => all(true));
  document.addEventListener("mirador:fresh", () => all(false));
  all(false);
})();

"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6e6e6e"];
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const said = () => { theme.textContent = isDark() ? "light" : "dark"; theme.setAttribute("aria-pressed", String(isDark())); };
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; said(); });
  said();

  const make = (name, attributes, parent) => {
    const own = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) own.setAttribute(key, value);
    if (parent) parent.appendChild(own);
    return own;
  };
  const short = (v) => v === 0 ? "0" : Math.abs(v) < 0.001 || Math.abs(v) >= 1e5 ? v.toExponential(2) : String(+v.toPrecision(4));

  // round steps between two numbers
  const ticks = (low, high, n) => {
    const raw = (high - low) / n || 1;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw);
    const out = [];
    for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) out.push(+v.toPrecision(12));
    return out;
  };

  const chart = (title, series) => {
    const box = document.createElement("div");
    box.className = "chart";
    const heading = document.createElement("h3");
    heading.textContent = title;
    const legend = document.createElement("div");
    legend.className = "legend";
    const said = document.createElement("output");
    // as wide as its place, so that letters keep their size on a phone
    const place = document.getElementById("charts").clientWidth || 900;
    const [width, height, left, right, top, bottom] = [Math.min(Math.max(place, 320), 1000), 300, 60, 14, 10, 30];
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: "0", role: "img", "aria-label": `${title} by epoch; arrow keys read values` });
    let shown = series.map(() => true), logarithmic = false, cursor = null;
    const draw = () => {
      svg.replaceChildren();
      const on = series.filter((_, i) => shown[i]);
      const points = on.flatMap((s) => s.points).filter((p) => Number.isFinite(p[1]) && (!logarithmic || p[1] > 0));
      if (!points.length) return;
      const f = logarithmic ? Math.log10 : (v) => v;
      const xs = points.map((p) => p[0]), ys = points.map((p) => f(p[1]));
      const x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1);
      let y0 = Math.min(...ys), y1 = Math.max(...ys);
      const pad = (y1 - y0 || Math.abs(y1) || 1) * 0.05;
      y0 -= pad; y1 += pad;
      const x = (v) => left + (v - x0) / (x1 - x0) * (width - left - right);
      const y = (v) => height - bottom - (v - y0) / (y1 - y0) * (height - top - bottom);
      for (const v of ticks(y0, y1, 5)) {
        make("line", { x1: left, x2: width - right, y1: y(v), y2: y(v), class: "axis" }, svg);
        make("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, svg).textContent = short(logarithmic ? 10 ** v : v);
      }
      for (const v of ticks(x0, x1, width < 500 ? 4 : 8).filter(Number.isInteger)) make("text", { x: x(v), y: height - 10, "text-anchor": "middle" }, svg).textContent = v;
      series.forEach((s, i) => {
        if (!shown[i]) return;
        const path = s.points.filter((p) => Number.isFinite(p[1]) && (!logarithmic || p[1] > 0)).map((p, j) => `${j ? "L" : "M"}${x(p[0]).toFixed(1)} ${y(f(p[1])).toFixed(1)}`).join("");
        make("path", { d: path, fill: "none", stroke: colors[i % colors.length], "stroke-width": 2 }, svg);
      });
      if (cursor !== null) {
        cursor = Math.min(Math.max(cursor, x0), x1);
        make("line", { x1: x(cursor), x2: x(cursor), y1: top, y2: height - bottom, class: "cursor" }, svg);
        const at = on.map((s) => [s.name, s.points.find((p) => p[0] === cursor)]).filter((s) => s[1]);
        said.textContent = `epoch ${cursor}: ` + at.map(([name, p]) => `${name} ${short(p[1])}`).join(", ");
      }
      svg.toEpoch = (px) => Math.round(x0 + (px - left) / (width - left - right) * (x1 - x0));
      svg.ends = [x0, x1];
    };
    const point = (event) => {
      const area = svg.getBoundingClientRect();
      cursor = svg.toEpoch((event.clientX - area.left) / area.width * width);
      draw();
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      cursor = Number.isFinite(step) ? (cursor ?? svg.ends[0] - 1) + step : svg.ends[step > 0 ? 1 : 0];
      draw();
    });
    const button = (label, pressed, click) => {
      const own = document.createElement("button");
      own.type = "button";
      own.className = "series";
      own.append(...label);
      own.setAttribute("aria-pressed", String(pressed));
      own.addEventListener("click", () => { own.setAttribute("aria-pressed", String(click())); draw(); });
      legend.appendChild(own);
    };
    series.forEach((s, i) => {
      const mark = document.createElement("i");
      mark.style.background = colors[i % colors.length];
      button([mark, s.name], true, () => (shown[i] = !shown[i]));
    });
    if (series.every((s) => s.points.every((p) => !(p[1] <= 0)))) button(["log"], false, () => (logarithmic = !logarithmic));
    box.append(heading, legend, svg, said);
    document.getElementById("charts").appendChild(box);
    draw();
  };

  const models = [...new Set(data.metrics.map((row) => row.model))];
  for (const model of models) {
    const rows = data.metrics.filter((row) => row.model === model);
    const names = [...new Set(rows.flatMap(Object.keys))].filter((name) => !["model", "epoch", "seconds"].includes(name));
    // rows of several trainings of one name follow each other
    let base = 0, last = 0;
    const epochs = rows.map((row) => { if (row.epoch <= last) base += last; last = row.epoch; return base + row.epoch; });
    const of = (name) => ({ name, points: rows.map((row, i) => [epochs[i], typeof row[name] === "number" ? row[name] : NaN]) });
    const losses = names.filter((name) => name.endsWith("loss"));
    const others = names.filter((name) => !name.endsWith("loss") && name !== "lr");
    if (losses.length) chart(`${model}: loss`, losses.map(of));
    if (others.length) chart(`${model}: metrics`, others.map(of));
    if (names.includes("lr") && new Set(rows.map((row) => row.lr)).size > 1) chart(`${model}: learning rate`, [of("lr")]);
  }
  if (!models.length) document.getElementById("charts").textContent = "nothing was trained";

  const large = document.getElementById("large");
  for (const own of document.querySelectorAll(".figures button")) {
    own.addEventListener("click", () => {
      large.querySelector("div").innerHTML = own.innerHTML;
      large.showModal();
    });
  }
})();

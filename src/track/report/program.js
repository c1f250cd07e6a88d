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

  // mark: an epoch with a line through it, and what it is
  const chart = (title, quantity, series, mark) => {
    const box = document.createElement("div");
    box.className = "chart";
    const heading = document.createElement("h3");
    heading.textContent = title;
    const legend = document.createElement("div");
    legend.className = "legend";
    const said = document.createElement("output");
    // as wide as its place, so that letters keep their size on a phone
    const place = document.getElementById("charts").clientWidth || 900;
    const [width, height, left, right, top, bottom] = [Math.min(Math.max(place, 320), 1000), 316, 76, 14, 10, 46];
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
      for (const v of ticks(x0, x1, width < 500 ? 4 : 8).filter(Number.isInteger)) make("text", { x: x(v), y: height - bottom + 18, "text-anchor": "middle" }, svg).textContent = v;
      make("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, svg).textContent = "epoch";
      const middle = (top + height - bottom) / 2;
      make("text", { x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, svg).textContent = on.length === 1 ? on[0].name : quantity;
      if (mark && mark.epoch >= x0 && mark.epoch <= x1) {
        make("line", { x1: x(mark.epoch), x2: x(mark.epoch), y1: top, y2: height - bottom, class: "mark" }, svg);
        const isRight = x(mark.epoch) > (left + width - right) * 0.6;
        make("text", { x: x(mark.epoch) + (isRight ? -6 : 6), y: top + 12, "text-anchor": isRight ? "end" : "start" }, svg).textContent = `${mark.text}: epoch ${mark.epoch}`;
      }
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
    const names = [...new Set(rows.flatMap(Object.keys))].filter((name) => !["model", "epoch", "step", "seconds"].includes(name));
    // rows of several trainings of one name follow each other
    let base = 0, last = 0;
    const epochs = rows.map((row) => { if (row.epoch <= last) base += last; last = row.epoch; return base + row.epoch; });
    const of = (name) => ({ name, points: rows.map((row, i) => [epochs[i], typeof row[name] === "number" ? row[name] : NaN]) });
    const isLoss = (name) => name.endsWith("loss") || name.includes(".loss.");
    const rates = names.filter((name) => name === "lr" || name.startsWith("lr."));
    const losses = names.filter(isLoss);
    const others = names.filter((name) => !isLoss(name) && !rates.includes(name));
    const held = ["valid.loss", "test.loss"].find((name) => losses.includes(name));
    const lowest = held && of(held).points.filter((p) => Number.isFinite(p[1])).reduce((a, b) => a && a[1] <= b[1] ? a : b, null);
    const mark = lowest && { epoch: lowest[0], text: `lowest ${held}` };
    if (losses.length) chart(`${model}: loss`, "loss", losses.map(of), mark);
    if (others.length) chart(`${model}: metrics`, "metric", others.map(of), mark);
    const varies = (name) => new Set(rows.map((row) => row[name]).filter((rate) => rate !== undefined)).size > 1;
    if (rates.some(varies)) chart(`${model}: learning rate`, "learning rate", rates.map(of));
  }
  if (!models.length) document.getElementById("charts").textContent = "nothing was trained";

  // a logo that answers: positions by pointer and arrow keys, either strand, bits or probabilities
  const logo = (own, place) => {
    const box = document.createElement("div"), bar = document.createElement("div"), said = document.createElement("output");
    box.className = "logo";
    bar.className = "legend";
    const heights = own.heights.map((row) => row.map((h) => h ?? 0));
    const [step, height, left, top, bottom] = [22, 120, 44, 6, 18];
    const width = left + step * Math.max(heights.length, 1) + 6;
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: "0", role: "img", "aria-label": `logo of ${own.name}; arrow keys read positions` });
    // long ones scroll instead of becoming unreadable
    svg.style.maxWidth = `${width * 1.6}px`;
    svg.style.minWidth = `${Math.max(width * 0.7, 240)}px`;
    let reversed = false, shares = false, cursor = null;
    const rows = () => {
      const whole = heights.map((row) => { const sum = row.reduce((a, b) => a + Math.abs(b), 0); return shares && sum > 0 ? row.map((h) => h / sum) : row; });
      return reversed ? whole.map((row) => [...row].reverse()).reverse() : whole;
    };
    const unit = () => shares || own.kind === "probability" ? "" : own.kind === "information" ? " bits" : "";
    const draw = () => {
      svg.replaceChildren();
      const all = rows();
      const ends = all.flatMap((row) => [row.reduce((a, h) => a + Math.max(h, 0), 0), row.reduce((a, h) => a + Math.min(h, 0), 0)]);
      const high = own.kind === "contribution" && !shares ? Math.max(...ends, 0) || 1 : shares || own.kind === "probability" ? 1 : 2;
      const low = Math.min(...ends, 0);
      const y = (v) => top + (high - v) / (high - low) * (height - top - bottom);
      for (const v of low < 0 ? [low, 0, high] : [0, high]) make("text", { x: left - 5, y: y(v) + 4, "text-anchor": "end" }, svg).textContent = short(v);
      make("line", { x1: left, x2: width - 6, y1: y(0), y2: y(0), class: "axis" }, svg);
      all.forEach((row, i) => {
        const order = [0, 1, 2, 3].sort((a, b) => Math.abs(row[a]) - Math.abs(row[b]));
        let above = 0, below = 0;
        for (const base of order) {
          const h = row[base];
          if (Math.abs(h) < (high - low) / 400) continue;
          const up = h > 0 ? above + h : below;
          const size = y(0) - y(Math.abs(h));
          make("path", { d: data.alphabet[base].path, fill: data.alphabet[base].color, "fill-rule": data.alphabet[base].holes ? "evenodd" : "nonzero", transform: `translate(${left + i * step + 1} ${y(up)}) scale(${step - 2} ${size})` }, svg);
          if (h > 0) above += h; else below += h;
        }
        const number = own.first + (reversed ? all.length - 1 - i : i);
        if (all.length < 25 || number % 5 === 0) make("text", { x: left + (i + 0.5) * step, y: height - 4, "text-anchor": "middle" }, svg).textContent = number;
      });
      if (cursor !== null) {
        cursor = Math.min(Math.max(cursor, 0), all.length - 1);
        make("rect", { x: left + cursor * step, y: top - 4, width: step, height: height - top - bottom + 8, class: "at" }, svg);
        const most = [0, 1, 2, 3].sort((a, b) => Math.abs(all[cursor][b]) - Math.abs(all[cursor][a])).filter((base) => all[cursor][base] !== 0);
        const number = own.first + (reversed ? all.length - 1 - cursor : cursor);
        said.textContent = `position ${number}: ` + (most.map((base) => `${data.alphabet[base].letter} ${short(all[cursor][base])}${unit()}`).join(", ") || "nothing");
      }
    };
    const button = (label, click) => {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = label;
      one.setAttribute("aria-pressed", "false");
      one.addEventListener("click", () => { one.setAttribute("aria-pressed", String(click())); draw(); });
      bar.appendChild(one);
    };
    const heading = document.createElement("h3");
    heading.textContent = own.name;
    if (own.kind !== "contribution") button("reverse complement", () => (reversed = !reversed));
    if (own.kind === "information") button("probability", () => (shares = !shares));
    const point = (event) => {
      const area = svg.getBoundingClientRect();
      cursor = Math.floor(((event.clientX - area.left) / area.width * width - left) / step);
      draw();
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      cursor = (cursor ?? -1) + by;
      draw();
    });
    box.append(heading, bar, svg, said);
    place.appendChild(box);
    draw();
  };
  for (const place of document.querySelectorAll("[data-logos]")) {
    // what answers stands for the picture
    place.closest("figure").classList.add("asked");
    for (const own of data.logos[place.dataset.logos]) logo(own, place);
  }

  // traces in space: turned by the pointer or arrow keys, enlarged by the wheel or + and -
  const structure = (traces, name, place) => {
    const legend = document.createElement("div"), canvas = document.createElement("canvas"), said = document.createElement("output");
    legend.className = "legend";
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    const names = traces.map((own) => own.name).join(", ");
    canvas.setAttribute("aria-label", `${name}: traces of ${names} in space; arrow keys turn them, + and - enlarge and shrink, Home restores the view`);
    const ink = canvas.getContext("2d");
    const shown = traces.map(() => true);
    const whole = traces.flatMap((own) => own.points).filter((point) => point !== null);
    const reach = Math.max(...whole.map(([x, y, z]) => Math.hypot(x, y, z)), 1);
    const start = () => [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    let turn = start(), zoom = 1, drag = null, at = null, flat = [];
    const rotated = (axis, angle) => {
      const [i, j] = axis === "y" ? [0, 2] : [1, 2];
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const next = turn.map((row) => [...row]);
      for (let k = 0; k < 3; k++) { next[i][k] = c * turn[i][k] + s * turn[j][k]; next[j][k] = -s * turn[i][k] + c * turn[j][k]; }
      turn = next;
    };
    const draw = () => {
      const width = Math.max(place.clientWidth, 240), height = Math.min(width * 0.75, 520), sharp = window.devicePixelRatio || 1;
      canvas.width = width * sharp; canvas.height = height * sharp;
      canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
      ink.setTransform(sharp, 0, 0, sharp, 0, 0);
      const paper = getComputedStyle(document.body).backgroundColor, text = getComputedStyle(document.body).color;
      ink.fillStyle = paper;
      ink.fillRect(0, 0, width, height);
      const scale = zoom * (Math.min(width, height) / 2 - 14) / reach;
      const projected = (point) => point && turn.map((row) => row[0] * point[0] + row[1] * point[1] + row[2] * point[2]);
      flat = [];
      const lines = [];
      traces.forEach((own, number) => {
        if (!shown[number]) return;
        let before = null;
        own.points.forEach((point, i) => {
          const p = projected(point);
          const now = p && { x: width / 2 + scale * p[0], y: height / 2 - scale * p[1], z: p[2], number, i };
          if (now) flat.push(now);
          if (now && before) lines.push({ a: before, b: now, z: (before.z + now.z) / 2, number });
          before = now;
        });
      });
      lines.sort((one, other) => one.z - other.z);
      for (const { a, b, z, number } of lines) {
        const near = (z / reach + 1) / 2;
        // near lines cover far ones, but not the ends of their own neighbours
        for (const [color, share, thick, cut] of [[paper, 1, 8, 0.2], [colors[number % colors.length], 0.3 + 0.7 * near, 2 + 3 * near, 0]]) {
          ink.globalAlpha = share;
          ink.strokeStyle = color;
          ink.lineWidth = thick;
          ink.lineCap = cut ? "butt" : "round";
          ink.beginPath();
          ink.moveTo(a.x + cut * (b.x - a.x), a.y + cut * (b.y - a.y));
          ink.lineTo(b.x - cut * (b.x - a.x), b.y - cut * (b.y - a.y));
          ink.stroke();
        }
      }
      ink.globalAlpha = 1;
      const most = width / 5 / scale, power = 10 ** Math.floor(Math.log10(most));
      const length = [5, 2, 1].map((f) => f * power).find((l) => l <= most) || power;
      ink.fillStyle = text;
      ink.fillRect(14, height - 14, length * scale, 2);
      ink.font = "12px system-ui, sans-serif";
      ink.fillText(`${short(length)} Å`, 20 + length * scale, height - 9);
      if (at !== null) {
        const own = flat.find((point) => point.number === at.number && point.i === at.i);
        if (own) { ink.strokeStyle = text; ink.lineWidth = 2; ink.beginPath(); ink.arc(own.x, own.y, 6, 0, 2 * Math.PI); ink.stroke(); }
      }
    };
    const reading = (event) => {
      const area = canvas.getBoundingClientRect(), x = event.clientX - area.left, y = event.clientY - area.top;
      let best = null;
      for (const point of flat) {
        const far = Math.hypot(point.x - x, point.y - y) - point.z / reach;
        if (far < 12 && (best === null || far < best.far)) best = { far, ...point };
      }
      at = best;
      said.textContent = best === null ? "" : `${traces[best.number].name}: point ${best.i + 1} of ${traces[best.number].points.length}`;
    };
    canvas.addEventListener("pointerdown", (event) => { drag = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); canvas.focus(); });
    canvas.addEventListener("pointermove", (event) => {
      if (drag === null) reading(event);
      else {
        rotated("y", (event.clientX - drag[0]) * 0.01);
        rotated("x", -(event.clientY - drag[1]) * 0.01);
        drag = [event.clientX, event.clientY];
      }
      draw();
    });
    for (const ending of ["pointerup", "pointercancel"]) canvas.addEventListener(ending, () => { drag = null; });
    const enlarge = (factor) => { zoom = Math.min(Math.max(zoom * factor, 0.3), 30); draw(); };
    // without focus the wheel scrolls the page
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas) return;
      event.preventDefault();
      enlarge(Math.exp(-event.deltaY * 0.001));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = Math.PI / 18;
      const keys = {
        ArrowLeft: () => rotated("y", -step), ArrowRight: () => rotated("y", step), ArrowUp: () => rotated("x", step), ArrowDown: () => rotated("x", -step),
        Home: () => { turn = start(); zoom = 1; }, "+": () => enlarge(1.2), "=": () => enlarge(1.2), "-": () => enlarge(1 / 1.2),
      };
      const own = keys[event.key];
      if (!own || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      own();
      draw();
    });
    traces.forEach((own, number) => {
      const button = document.createElement("button"), mark = document.createElement("i");
      button.type = "button";
      button.className = "series";
      mark.style.background = colors[number % colors.length];
      button.append(mark, own.name);
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => { shown[number] = !shown[number]; button.setAttribute("aria-pressed", String(shown[number])); draw(); });
      legend.appendChild(button);
    });
    place.append(legend, canvas, said);
    theme.addEventListener("click", draw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    window.addEventListener("resize", draw);
    draw();
  };
  for (const place of document.querySelectorAll("[data-structure]")) {
    const figure = place.closest("figure");
    figure.classList.add("asked");
    structure(data.structures[place.dataset.structure], figure.querySelector("img").alt, place);
  }

  const large = document.getElementById("large");
  for (const own of document.querySelectorAll(".figures figure > button")) {
    own.addEventListener("click", () => {
      large.querySelector("div").innerHTML = own.innerHTML;
      large.showModal();
    });
  }
})();

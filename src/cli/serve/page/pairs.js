"use strict";

const SHOWN = 200;
let model = null;
let answer = null;
let request = null;
let pair = null;
let drawn = null;

const ids = (field) => by(field).value.split(/[\s,;]+/).filter((id) => id !== "");

async function start() {
  model = await ask("/api/model");
  const constant = model.constant_genes ? `, ${number(model.constant_genes)} of them constant` : "";
  const missing = model.incomplete_genes
    ? `, ${number(model.incomplete_genes)} with missing values, which are not predicted` : "";
  by("about").textContent = `Network “${model.name}” on ${number(model.genes)} genes${constant}${missing}; ` +
    `profiles over ${number(model.samples)} samples, each with mean 0 and standard deviation 1.`;
  const limits = model.limits;
  by("limits").textContent = `A request has at most ${number(limits.pairs)} pairs, ` +
    `${number(limits.ids)} ids and ${number(limits.bytes)} bytes.`;
}

function example() {
  by("factors").value = model.first_genes.slice(0, 2).join("\n");
  by("targets").value = model.first_genes.slice(2).join("\n");
}

async function predict() {
  by("problems").replaceChildren();
  const factors = ids("factors");
  const targets = ids("targets");
  if (factors.length === 0) {
    by("factors").focus();
    throw new Refused({ error: "Enter at least one transcription factor" }, 0);
  }
  const asked = targets.length === 0 ? { factors } : { factors, targets };
  try {
    answer = await ask("/api/pairs", asked);
  } catch (error) {
    by("results").hidden = true;
    by("pair").hidden = true;
    if (error.fields) problems(error.fields);
    throw error;
  }
  request = asked;
  by("pair").hidden = true;
  by("results").hidden = false;
  problems(answer);
  answer.pairs.sort((a, b) => b.probability - a.probability);
  histogram();
  table();
  by("results-title").focus();
  return `${number(answer.pairs.length)} pairs predicted`;
}

function problems(of) {
  const place = by("problems");
  if (of.unknown && of.unknown.length > 0) {
    const items = of.unknown.map((one) => {
      const item = make("li", {}, [one.id]);
      if (one.did_you_mean) {
        const use = make("button", { type: "button" }, [`use ${one.did_you_mean}`]);
        use.addEventListener("click", () => replace(one.id, one.did_you_mean));
        item.append(use);
      }
      return item;
    });
    place.append(listed(`${number(items.length)} ids are not in the expression matrix:`, items));
  }
  const plain = (names, heading) => {
    if (!names || names.length === 0) return;
    place.append(listed(heading, names.map((name) => make("li", {}, [name]))));
  };
  plain(of.repeated, "Repeated, and predicted once:");
  plain(of.incomplete, "Not predicted, because values are missing:");
  plain(of.constant, "Constant over all samples, so that the profile is 0 everywhere and the probability states little:");
}

function replace(old, id) {
  for (const field of ["factors", "targets"]) {
    by(field).value = ids(field).map((own) => (own === old ? id : own)).join("\n");
  }
  by("predict").focus();
}

function histogram() {
  const [width, height, left, bottom] = [room(), 260, 50, 40];
  const bins = answer.histogram.counts.length;
  const share = (one) => one.counts.map((count) => count / Math.max(1, one.total));
  const series = model.background.map(share);
  const own = share(answer.histogram);
  const few = answer.pairs.length <= SHOWN;
  const root = (value) => Math.sqrt(value);
  const top = Math.max(...series.flat().map(root), ...(few ? [0] : own.map(root)), 0.01);
  const x = (p) => left + p * (width - left - 15);
  const y = (value) => height - bottom - (root(value) / top) * (height - bottom - 25);
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "histogram-text" });
  series.forEach((values, i) => values.forEach((value, bin) => {
    const part = (x(1 / bins) - x(0)) / series.length;
    picture.append(draw("rect", { class: i ? "bar second" : "bar", x: x(bin / bins) + i * part, y: y(value), width: Math.max(1, part - 1), height: height - bottom - y(value) }));
  }));
  picture.append(draw("line", { class: "axis", x1: left, x2: width - 15, y1: height - bottom, y2: height - bottom }));
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) picture.append(text(x(tick), height - 20, String(tick), { "text-anchor": "middle" }));
  picture.append(text(x(0.5), height - 3, "probability", { "text-anchor": "middle" }));
  for (const part of [0.25, 1]) {
    const value = part * top * top;
    picture.append(text(left - 6, y(value) + 4, `${(100 * value).toPrecision(2)} %`, { "text-anchor": "end" }));
  }
  if (few) {
    for (const one of answer.pairs) {
      picture.append(draw("line", { class: "mark", x1: x(one.probability), x2: x(one.probability), y1: 8, y2: height - bottom },
        [draw("title", {}, [`${one.factor} ${one.target} ${digits(one.probability)}`])]));
    }
  } else {
    const steps = own.map((value, bin) => `${x(bin / bins)},${y(value)} ${x((bin + 1) / bins)},${y(value)}`);
    picture.append(draw("polyline", { class: "marks", points: steps.join(" ") }));
  }
  const key = (name, kind) => make("li", {}, [draw("svg", { viewBox: "0 0 20 10", "aria-hidden": "true" },
    kind.startsWith("bar") ? draw("rect", { class: kind, width: 20, height: 10 }) : draw("line", { class: "mark", x1: 0, x2: 20, y1: 5, y2: 5 })), name]);
  const names = model.background.map((one, i) => key(one.name, i ? "bar second" : "bar"));
  names.push(key(few ? `the ${number(answer.pairs.length)} pairs of this request` : "pairs of this request", "mark"));
  const above = answer.pairs.filter((one) => one.probability >= 0.5).length;
  const caption = make("figcaption", { id: "histogram-text" }, [
    `Share of pairs by probability (square-root axis): ${model.background.map((one) => one.name).join(" and ")}; ` +
    `${few ? "lines mark" : "the outline is that of"} the pairs of this request, ${number(above)} of ${number(answer.pairs.length)} of them at 0.5 or above.`]);
  by("histogram").replaceChildren(picture, make("ul", { class: "legend" }, names), caption);
}

function table() {
  const least = Number(by("least").value) || 0;
  const chosen = answer.pairs.filter((one) => least === 0 || one.probability >= least);
  const rows = chosen.slice(0, SHOWN).map((one) => {
    const show = make("button", { type: "button", "aria-label": `Show ${one.factor} and ${one.target}` }, ["Show"]);
    const row = make("tr", {}, [make("td", {}, [one.factor]), make("td", {}, [one.target]),
      make("td", { class: "number" }, [digits(one.probability)]), make("td", {}, [show])]);
    show.addEventListener("click", () => during(show, "Computing the pair …", () => detail(one, row)));
    return row;
  });
  by("rows").replaceChildren(...rows);
  by("shown").textContent = chosen.length > SHOWN
    ? `The ${SHOWN} most probable of ${number(chosen.length)} pairs are listed; the CSV has all of the request.`
    : `${number(chosen.length)} of ${number(answer.pairs.length)} pairs are listed, the most probable first.`;
}

async function detail(one, row) {
  pair = { factor: one.factor, target: one.target };
  const found = await ask("/api/pair", pair);
  by("rows").querySelectorAll("[aria-current]").forEach((own) => own.removeAttribute("aria-current"));
  row.setAttribute("aria-current", "true");
  by("pair").hidden = false;
  by("pair-title").textContent = `${one.factor} and ${one.target}`;
  const flat = [found.factor, found.target].filter((gene) => gene.constant).map((gene) => gene.id);
  by("pair-text").textContent = `Probability that ${one.factor} regulates ${one.target}: ${digits(found.probability)}.` +
    (flat.length ? ` Constant, drawn as 0: ${flat.join(", ")}.` : "");
  drawn = found;
  profiles(found);
  activation(found);
  by("pair-title").focus();
  return "";
}

const left = 50;
const right = 15;

function profiles(found) {
  const width = room();
  const [height, bottom] = [250, 40];
  const all = [...found.factor.profile, ...found.target.profile];
  const [low, high] = [Math.min(...all, -1), Math.max(...all, 1)];
  const n = found.samples.length;
  const x = (i) => left + ((i + 0.5) / n) * (width - left - right);
  const y = (value) => 10 + ((high - value) / (high - low)) * (height - bottom - 10);
  const points = (profile) => profile.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "profiles-text" }, [
    draw("line", { class: "axis", x1: left, x2: width - right, y1: y(0), y2: y(0) }),
    draw("polyline", { class: "line first", points: points(found.factor.profile) }),
    draw("polyline", { class: "line second", points: points(found.target.profile) }),
    text(left - 6, y(0) + 4, "0", { "text-anchor": "end" }),
    text(left - 6, y(high) + 10, high.toFixed(1), { "text-anchor": "end" }),
    text(left - 6, y(low), low.toFixed(1), { "text-anchor": "end" }),
    text(x(n / 2), height - 5, "samples, in the order of the matrix", { "text-anchor": "middle" }),
    text(left, height - 22, "1"), text(width - right, height - 22, String(n), { "text-anchor": "end" }),
  ]);
  const key = (name, kind) => make("li", {}, [draw("svg", { viewBox: "0 0 20 10", "aria-hidden": "true" },
    draw("line", { class: `line ${kind}`, x1: 0, x2: 20, y1: 5, y2: 5 })), name]);
  by("profiles").replaceChildren(picture,
    make("ul", { class: "legend" }, [key(found.factor.id, "first"), key(found.target.id, "second line")]),
    make("figcaption", { id: "profiles-text" }, ["Expression of both genes as z-scores over the samples."]));
}

function activation(found) {
  const map = found.grad_cam ? found.grad_cam.map : [];
  by("map").hidden = map.length === 0;
  if (map.length === 0) return;
  const width = room();
  const height = 120;
  const most = Math.max(...map.map(Math.abs), 1e-300);
  const step = (width - left - right) / map.length;
  const middle = 50;
  const bars = map.map((value, i) => {
    const size = (Math.abs(value) / most) * 42;
    return draw("rect", { class: value < 0 ? "cool" : "warm", x: left + i * step, width: Math.max(0.8, step - 0.4), y: value < 0 ? middle : middle - size, height: size });
  });
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "map-text" }, [
    ...bars, draw("line", { class: "axis", x1: left, x2: width - right, y1: middle, y2: middle }),
    text(left - 6, middle - 30, "+", { "text-anchor": "end" }), text(left - 6, middle + 38, "−", { "text-anchor": "end" }),
    text(left + (width - left - right) / 2, height - 5, "the same samples", { "text-anchor": "middle" }),
  ]);
  by("map").replaceChildren(picture, make("figcaption", { id: "map-text" }, [
    `Grad-CAM: where the layer “${found.grad_cam.layer}” raises (above the line) or lowers (below it) the probability. ` +
    `${number(map.length)} positions cover ${number(found.samples.length)} samples; the largest value is ${digits(Math.max(...map))}.`]));
}

window.addEventListener("resize", () => {
  if (answer && !by("results").hidden) histogram();
  if (drawn && !by("pair").hidden) [profiles, activation].forEach((figure) => figure(drawn));
});
by("form").addEventListener("submit", (event) => {
  event.preventDefault();
  during(by("predict"), "Predicting …", predict);
});
by("example").addEventListener("click", example);
by("least").addEventListener("input", table);
by("download").addEventListener("click", () => during(by("download"), "Preparing the file …", async () => {
  save(await ask("/api/pairs", request, "text/csv"), "pairs.csv");
  return "The file was saved";
}));
by("pair-download").addEventListener("click", () => during(by("pair-download"), "Preparing the file …", async () => {
  save(await ask("/api/pair", pair, "text/csv"), `${pair.factor}_${pair.target}.csv`);
  return "The file was saved";
}));
start().catch(refuse);

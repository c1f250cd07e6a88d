"use strict";

let model = null;
let request = null;
let explained = null;
let logo = null;

async function start() {
  model = await ask("/api/model");
  by("about").textContent = `Network “${model.name}”: sequences of ${number(model.length)} bp, ` +
    `${number(model.outputs.length)} output${model.outputs.length === 1 ? "" : "s"}` +
    `${model.is_probability ? ", probabilities" : ""}.`;
  const limits = model.limits;
  by("fasta-help").textContent = `Bases A C G T and N; each sequence has ${number(model.length)} bp. A text without a “>” is one sequence.`;
  by("limits").textContent = `A request has at most ${number(limits.sequences)} sequences, ` +
    `${number(limits.bases)} bases and ${number(limits.bytes)} bytes.`;
  by("regions-field").hidden = !model.genome;
  by("genome").textContent = model.genome || "";
  by("output").replaceChildren(...model.outputs.map((name, i) => make("option", { value: i }, [name])));
}

function example() {
  // a fixed sequence of a linear congruential generator
  let state = 7;
  const letters = Array.from({ length: model.length }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return "ACGT"[Math.floor(state / 65536) % 4];
  });
  by("fasta").value = `>example\n${letters.join("").replace(/(.{60})/g, "$1\n")}`;
}

async function predict() {
  by("problems").replaceChildren();
  const fasta = by("fasta").value.trim();
  const regions = by("regions").value.split(/\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (fasta === "" && regions.length === 0) {
    by("fasta").focus();
    throw new Refused({ error: "Enter at least one sequence" }, 0);
  }
  const asked = fasta !== "" ? { fasta } : { regions };
  by("pair").hidden = true;
  by("results").hidden = true;
  const answer = await ask("/api/sequences", asked);
  request = asked;
  by("results").hidden = false;
  const columns = answer.outputs.map((name) => make("th", { scope: "col", class: "number" }, [name]));
  by("head").replaceChildren(make("tr", {}, [make("th", { scope: "col" }, ["Sequence"]), ...columns, make("th", { scope: "col" }, ["Contributions"])]));
  const records = fasta === "" ? regions : split(fasta);
  by("rows").replaceChildren(...answer.sequences.map((one, i) => {
    const show = make("button", { type: "button", "aria-label": `Show contributions of ${one.name}` }, ["Show"]);
    const unknown = one.unknown_bases ? ` (${number(one.unknown_bases)} unknown bases)` : "";
    const row = make("tr", {}, [make("td", {}, [one.name + unknown]),
      ...one.values.map((value) => make("td", { class: "number" }, [digits(value)])), make("td", {}, [show])]);
    show.addEventListener("click", () => during(show, "Computing contributions …", () => {
      by("start").value = "";
      by("end").value = "";
      explained = fasta === "" ? { region: records[i] } : { fasta: records[i] };
      by("rows").querySelectorAll("[aria-current]").forEach((own) => own.removeAttribute("aria-current"));
      row.setAttribute("aria-current", "true");
      return contributions();
    }));
    return row;
  }));
  by("results-title").focus();
  return `${number(answer.sequences.length)} sequences predicted`;
}

// the records of a FASTA text, each as a text
function split(fasta) {
  return fasta.includes(">") ? fasta.split(/^(?=>)/m).filter((record) => record.trim() !== "") : [fasta];
}

async function contributions() {
  const asked = { ...explained, output: Number(by("output").value), method: by("method").value };
  if (by("start").value !== "" && by("end").value !== "") {
    asked.start = Number(by("start").value);
    asked.end = Number(by("end").value);
  }
  const found = await ask("/api/contributions", asked);
  by("pair").hidden = false;
  by("pair-title").textContent = `Contributions: ${found.name}`;
  const difference = found.difference === null ? "" : `, the output less that of the shuffles ${digits(found.difference)}`;
  by("pair-text").textContent = `To the output “${found.output}” before its link. Their sum is ${digits(found.sum)}${difference}.`;
  if (logo) URL.revokeObjectURL(logo);
  logo = URL.createObjectURL(new Blob([found.logo], { type: "image/svg+xml" }));
  by("logo").src = logo;
  by("logo").alt = `Contributions of positions ${found.start} to ${found.end} of ${found.name}: the height of a letter is the contribution of the base`;
  by("logo-text").textContent = `Positions ${number(found.start)} to ${number(found.end)} of ${number(found.sequence.length)}, from 0; ` +
    "letters below the line lower the output.";
  by("start").value = found.start;
  by("end").value = found.end;
  by("pair-title").focus();
  return "";
}

by("form").addEventListener("submit", (event) => {
  event.preventDefault();
  during(by("predict"), "Predicting …", predict);
});
by("choices").addEventListener("submit", (event) => {
  event.preventDefault();
  during(event.submitter, "Computing contributions …", contributions);
});
by("example").addEventListener("click", example);
by("download").addEventListener("click", () => during(by("download"), "Preparing the file …", async () => {
  save(await ask("/api/sequences", request, "text/csv"), "predictions.csv");
  return "The file was saved";
}));
by("pair-download").addEventListener("click", () => during(by("pair-download"), "Preparing the file …", async () => {
  const asked = { ...explained, output: Number(by("output").value), method: by("method").value };
  save(await ask("/api/contributions", asked, "text/csv"), "contributions.csv");
  return "The file was saved";
}));
start().catch(refuse);

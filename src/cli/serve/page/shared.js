"use strict";
// what the pages of pairs and of sequences share

const by = (id) => document.getElementById(id);

// an element with attributes and children; texts are never read as HTML
function make(name, attributes = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...[children].flat());
  return element;
}

function draw(name, attributes = {}, children = []) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...[children].flat());
  return element;
}

const text = (x, y, content, more = {}) => draw("text", { x, y, ...more }, [content]);

const number = (x) => x.toLocaleString("en");

function digits(x) {
  if (x === null || !Number.isFinite(x)) return "none";
  return x !== 0 && Math.abs(x) < 0.001 ? x.toExponential(2) : x.toFixed(4);
}

// an error of the API, with its fields
class Refused extends Error {
  constructor(fields, status) {
    super(fields.error || `the server answered with status ${status}`);
    this.fields = fields;
  }
}

async function ask(path, request, accept = "application/json") {
  let answer;
  try {
    const headers = { accept };
    if (request) headers["content-type"] = "application/json";
    answer = await fetch(path, request
      ? { method: "POST", headers, body: JSON.stringify(request) } : { headers });
  } catch {
    throw new Refused({ error: "The server does not answer: is it still running?" }, 0);
  }
  if (!answer.ok) {
    throw new Refused(await answer.json().catch(() => ({})), answer.status);
  }
  return accept === "text/csv" ? answer.blob() : answer.json();
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// runs one request at a time, with its state in words
async function during(button, words, run) {
  if (button.disabled) return;
  button.disabled = true;
  by("status").textContent = words;
  by("problems").querySelectorAll(".error").forEach((own) => own.remove());
  try {
    by("status").textContent = (await run()) || "";
  } catch (error) {
    by("status").textContent = "";
    refuse(error);
  } finally {
    button.disabled = false;
  }
}

function refuse(error) {
  const hint = error.fields && error.fields.hint;
  const box = make("p", { class: "error", role: "alert" }, [error.message, hint ? `. ${hint}` : ""]);
  by("problems").append(box);
}

// the width of a figure, so that its texts have their size on narrow screens
const room = () => Math.max(320, Math.min(1100, document.querySelector("main").clientWidth));

// a list of items with a heading; long lists are cut, with the number of the others
function listed(heading, items, most = 30) {
  const list = make("ul", {}, items.slice(0, most));
  if (items.length > most) list.append(make("li", {}, [`and ${number(items.length - most)} more`]));
  return make("div", { class: "note" }, [heading, list]);
}

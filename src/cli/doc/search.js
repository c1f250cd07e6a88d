(() => {
  const input = document.querySelector("#find input"), list = document.querySelector("#found");
  const menu = document.querySelector("nav button");
  let at = -1;
  const words = text => text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean);
  const LEFT_OUT = new Set("a an the of for to in on with and how i do".split(" "));
  const stem = word => word.length > 4 ? word.slice(0, Math.max(4, word.replace(/(ing|s)$/, "").length)) : word;
  const stems = text => words(text).filter(word => !LEFT_OUT.has(word)).map(stem);
  // a word of one or two letters has to be a word of its own
  const has = (text, word) => word.length > 2 ? text.toLowerCase().includes(word) : words(text).includes(word);
  const hasPhrase = (text, asked) => asked.length > 1 && (" " + stems(text).join(" ") + " ").includes(" " + asked.join(" ") + " ");
  // exact names before names before titles before texts; words one after another before words apart
  const score = (item, asked) => {
    const name = item.name.toLowerCase(), last = name.split(/::|\./).pop();
    let sum = 0;
    for (const word of asked) {
      if (last === word || stem(last) === word || name === word) sum += 12;
      else if (last.startsWith(word)) sum += 8;
      else if (has(name, word)) sum += 5;
      else if (has(item.keys, word)) sum += 3;
      else if (has(item.text, word)) sum += 1;
      else return 0;
    }
    if (hasPhrase(item.name, asked)) sum += 10;
    else if (hasPhrase(item.text, asked)) sum += 8;
    const isScript = item.page.startsWith("reference-std-");
    return Math.max(sum + (item.kind === "guide" ? 0.5 : 0) - (isScript ? 18 : 0) - name.length / 1000, 0.001);
  };
  const show = () => {
    const asked = stems(input.value);
    list.replaceChildren();
    at = -1;
    list.hidden = asked.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (list.hidden) return;
    const found = INDEX.map(item => [score(item, asked), item]).filter(([own]) => own > 0).sort((a, b) => b[0] - a[0]).slice(0, 12);
    for (const [, item] of found) {
      const row = document.createElement("li"), link = document.createElement("a"), name = document.createElement("b"), text = document.createElement("small");
      link.href = item.page;
      name.textContent = item.name;
      text.textContent = item.text.length > 110 ? item.text.slice(0, 108) + "…" : item.text;
      link.append(name, text);
      row.append(link);
      list.append(row);
    }
    if (found.length === 0) {
      const row = document.createElement("li");
      row.className = "none";
      row.textContent = "nothing is called so";
      list.append(row);
    }
  };
  const mark = step => {
    const links = [...list.querySelectorAll("a")];
    if (links.length === 0) return;
    at = (at + step + links.length) % links.length;
    links.forEach((link, i) => link.classList.toggle("on", i === at));
    links[at].scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const link = list.querySelector("a.on") ?? list.querySelector("a");
      if (link) location.href = link.href;
    } else if (event.key === "Escape") {
      input.value = "";
      show();
      input.blur();
    }
  });
  list.addEventListener("click", () => { list.hidden = true; });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    }
  });
  menu.addEventListener("click", () => {
    const open = menu.parentElement.classList.toggle("open");
    menu.setAttribute("aria-expanded", String(open));
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    input.value = asked;
    show();
  }
})();

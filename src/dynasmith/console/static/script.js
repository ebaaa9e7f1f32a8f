// The one script of the console: theme, palette, actions, what is live. Pages work without it, but for changes.
"use strict";

(() => {
  const root = document.documentElement;
  const THEME = "dynasmith-theme";
  const theme = localStorage.getItem(THEME);
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;

  function toggleTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem(THEME, root.dataset.theme);
  }

  // --- what is said

  let toastTimer = 0;
  function say(text, stays) {
    const toast = document.getElementById("toast");
    if (!text) return;
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(toastTimer);
    if (!stays) toastTimer = setTimeout(() => { toast.hidden = true; }, 6000);
  }

  function openDialog(html) {
    const dialog = document.getElementById("dialog");
    dialog.innerHTML = html;
    prepare(dialog);
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector("input:not([type=hidden]), textarea, button[type=submit], button");
    if (first) first.focus();
  }

  // --- actions: forms with data-action are sent with the header that only this script can send

  async function act(form, submitter) {
    const fields = new URLSearchParams(new FormData(form));
    if (submitter && submitter.name) fields.append(submitter.name, submitter.value);
    if (submitter) submitter.disabled = true;
    try {
      const response = await fetch(form.getAttribute("action") || location.pathname + location.search, {
        method: "POST",
        headers: { "X-Dynasmith-Console": "1", "Content-Type": "application/x-www-form-urlencoded" },
        body: fields.toString(),
      });
      const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
      const answer = isJson ? await response.json() : { error: "The console refused it (" + response.status + ")." };
      if (answer.error) return say([answer.error, answer.hint].filter(Boolean).join(" "), true);
      if (answer.dialog) return openDialog(answer.dialog);
      document.getElementById("dialog").close();
      if (answer.say) sessionStorage.setItem("dynasmith-say", answer.say);
      if (answer.go) return location.assign(answer.go);
      if (!source) return location.reload();
      say(answer.say);
    } catch {
      say("The console does not answer. Is it still running?", true);
    } finally {
      if (submitter) submitter.disabled = false;
    }
  }

  // --- what is live

  let source = null;
  function connect() {
    if (!("live" in document.body.dataset) || source || document.hidden) return;
    source = new EventSource("/events" + location.pathname + location.search);
    source.addEventListener("open", () => { document.querySelector(".gone").hidden = true; });
    source.addEventListener("error", () => { document.querySelector(".gone").hidden = false; });
    source.addEventListener("block", (event) => {
      const block = JSON.parse(event.data);
      const element = document.getElementById(block.id);
      if (element) replace(element, block.html);
    });
    source.addEventListener("over", () => { source.close(); source = null; delete document.body.dataset.live; });
  }

  function disconnect() {
    if (source) source.close();
    source = null;
  }

  function replace(element, html) {
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    if (focused && focused.matches("input, textarea, select")) return;  // never under somebody's hands
    const places = focused ? [...element.querySelectorAll("a, button, [tabindex]")] : [];
    const place = places.indexOf(focused);
    const open = new Set([...element.querySelectorAll("details[open][id]")].map((each) => each.id));
    element.innerHTML = html;
    element.querySelectorAll("details[id]").forEach((each) => { if (open.has(each.id)) each.open = true; });
    prepare(element);
    if (place >= 0) {
      const again = element.querySelectorAll("a, button, [tabindex]")[place];
      if (again) again.focus({ preventScroll: true });
    }
  }

  // --- the palette

  let places = [];
  async function openPalette() {
    const palette = document.getElementById("palette");
    const input = document.getElementById("palette-text");
    input.value = "";
    palette.showModal();
    try { places = await (await fetch("/palette.json")).json(); } catch { places = []; }
    list(input.value);
  }

  function list(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = places.filter((place) => words.every((word) => place.label.toLowerCase().includes(word))).slice(0, 50);
    const rows = found.map((place, index) => {
      const row = document.createElement("li");
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(index === 0));
      row.id = "place-" + index;
      row.dataset.path = place.path;
      for (const part of [place.label, place.kind]) {
        const span = document.createElement("span");
        span.textContent = part;
        row.append(span);
      }
      return row;
    });
    document.getElementById("palette-list").replaceChildren(...rows);
    mark();
  }

  function mark() {
    const chosen = document.querySelector("#palette-list [aria-selected=true]");
    document.getElementById("palette-text").setAttribute("aria-activedescendant", chosen ? chosen.id : "");
    if (chosen) chosen.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const rows = [...document.querySelectorAll("#palette-list li")];
    if (!rows.length) return;
    const now = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    rows.forEach((row) => row.setAttribute("aria-selected", "false"));
    rows[(now + step + rows.length) % rows.length].setAttribute("aria-selected", "true");
    mark();
  }

  // --- wiring

  function prepare(within) {
    within.querySelectorAll("[data-copy], [data-palette], [data-theme-toggle]").forEach((element) => { element.hidden = false; });
  }

  let filterTimer = 0;
  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    connect();
    say(sessionStorage.getItem("dynasmith-say"));
    sessionStorage.removeItem("dynasmith-say");
    const input = document.getElementById("palette-text");
    input.addEventListener("input", () => list(input.value));
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
      if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
      if (event.key === "Enter") {
        event.preventDefault();
        const chosen = document.querySelector("#palette-list [aria-selected=true]");
        if (chosen) location.assign(chosen.dataset.path);
      }
    });
  });

  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-action]")) return;
    event.preventDefault();
    act(event.target, event.submitter);
  });

  document.addEventListener("click", (event) => {
    const element = event.target.closest("[data-copy], [data-palette], [data-theme-toggle], [data-close], [data-path]");
    if (!element) return;
    if (element.dataset.path) location.assign(element.dataset.path);
    else if ("palette" in element.dataset) openPalette();
    else if ("themeToggle" in element.dataset) toggleTheme();
    else if ("close" in element.dataset) element.closest("dialog").close();
    else navigator.clipboard.writeText(element.dataset.copy).then(() => say("Copied."), () => say("The browser did not copy it."));
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    }
  });

  // A slider and the number beside it say the same.
  document.addEventListener("input", (event) => {
    const name = event.target.dataset.mirror;
    const other = name ? document.getElementById(name) : document.querySelector(`[data-mirror="${event.target.id}"]`);
    if (other && (name || event.target.id)) other.value = event.target.value;
  });

  // A choice is taken as it is made.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-submit]");
    if (form) form.requestSubmit();
  });

  // A filter narrows what is shown as it is typed, and asks the console a moment later.
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-filter]")) return;
    clearTimeout(filterTimer);
    filterTimer = setTimeout(() => {
      const address = new URL(location.href);
      if (event.target.value) address.searchParams.set(event.target.name, event.target.value);
      else address.searchParams.delete(event.target.name);
      history.replaceState(null, "", address);
      disconnect();
      connect();
    }, 150);
  });
})();

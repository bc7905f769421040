// What the console does beyond links, forms and htmx: keys, menus, ticking rows, and saying when the server failed.
// Every page works without it.

const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

// --- Keys: "/" searches, "g" and a letter goes, "?" helps; in a list "j" and "k" move, "x" ticks, a letter decides.
let goPressed = 0;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.activeElement.closest("details.menu[open]")?.querySelector("summary").focus();
    closeMenus();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    const search = document.querySelector("#filters input[type=search]") || document.querySelector("[data-shortcut='/']");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?") {
    document.getElementById("help")?.showModal();
  } else if (event.key === "g") {
    goPressed = event.timeStamp;
  } else if (event.timeStamp - goPressed < 1500) {
    goPressed = 0;
    document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click();
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else if (event.key === "x") {
    currentTick()?.click();
  } else {
    decide(event.key);
  }
});

const currentTick = () => document.activeElement.closest("tr")?.querySelector("input[name=ids][form=bulk]");

function step(by) {
  const all = ticks();
  const next = all[Math.min(Math.max(all.indexOf(currentTick()) + by, 0), all.length - 1)];
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}

// The decision of that letter on the ticked rows, or on the current one where none is ticked.
function decide(key) {
  const button = document.querySelector(`[data-bulk] button[data-key="${CSS.escape(key)}"]`);
  if (!button) return;
  const current = currentTick();
  if (!ticks().some((tick) => tick.checked)) {
    if (!current) return;
    current.click();
  }
  button.click();
}

// --- Menus close when the eye leaves them.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    closeMenus();
    document.getElementById(opener.dataset.opens)?.showModal();
  }
});

// --- Rows: tick all, tick a range, count what is ticked.
const ticks = () => [...document.querySelectorAll("input[name=ids][form=bulk]")];
let lastTick = null;

function countTicks() {
  const bar = document.querySelector("[data-bulk]");
  if (!bar) return;
  const all = ticks();
  const ticked = all.filter((tick) => tick.checked).length;
  const everything = bar.querySelector("input[name=all]")?.checked;
  bar.querySelector("[data-bulk-count]").textContent = everything ? "All selected" : `${ticked} selected`;
  bar.classList.toggle("bulk-idle", !ticked && !everything);
  for (const tick of all) tick.closest("tr").classList.toggle("ticked", tick.checked || Boolean(everything));
  const head = document.querySelector("[data-tick-all]");
  head.checked = ticked > 0 && ticked === all.length;
  head.indeterminate = ticked > 0 && ticked < all.length;
}

document.addEventListener("click", (event) => {
  if (event.target.matches("[data-tick-all]")) {
    for (const tick of ticks()) tick.checked = event.target.checked;
  } else if (event.target.matches("input[name=ids][form=bulk]")) {
    const all = ticks();
    const [from, to] = [all.indexOf(lastTick), all.indexOf(event.target)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) {
      for (const tick of all.slice(from, to + 1)) tick.checked = event.target.checked;
    }
    lastTick = event.target;
  } else if (!event.target.matches("[data-bulk] input[name=all]")) {
    return;
  }
  countTicks();
});

function prepare() {
  for (const hidden of document.querySelectorAll("[data-tick-all], [data-opens]")) hidden.hidden = false;
  countTicks();
}

document.addEventListener("DOMContentLoaded", prepare);
document.addEventListener("htmx:afterSettle", prepare);
addEventListener("pageshow", countTicks);

// What had the focus may be gone with what it did: go on with the next row, or with the list.
document.addEventListener("htmx:afterSettle", (event) => {
  if (document.activeElement !== document.body) return;
  const row = event.target.closest("tr[id]");
  const next = row?.querySelector("td button") || row?.nextElementSibling?.querySelector("td button");
  const list = event.target.id === "list" && event.target.querySelector(".table-frame");
  (next || row?.querySelector("td a") || list || null)?.focus({ preventScroll: true });
});

// --- htmx: an empty filter stays out of the URL; a failed answer is said.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "filters") return;
  for (const [name, value] of [...event.detail.formData]) {
    if (!value) event.detail.formData.delete(name);
  }
});

function say(text) {
  const box = document.createElement("div");
  box.className = "alert alert-danger";
  box.textContent = text;
  document.getElementById("messages")?.replaceChildren(box);
}

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const status = event.detail.xhr?.status;
    const card = event.target.closest("[data-card]");
    if (card) {
      card.removeAttribute("aria-busy");
      card.querySelector(".skeleton")?.replaceWith(Object.assign(document.createElement("p"), {
        className: "card-failed",
        textContent: status === 403 ? "Your role does not include this." : "This card could not be loaded.",
      }));
    } else {
      say(status ? `The server answered with an error (${status}). Reload the page to see the current state.`
        : "The server cannot be reached. Reload the page to see the current state.");
    }
  });
}

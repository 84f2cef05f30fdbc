// Fetches the page again and exchanges its middle, so that the reader keeps the place: where it is scrolled to, what is
// unfolded, and what has the keyboard's focus.
"use strict";
const period = 15000;
const places = "a, .scroll, summary";
async function refresh() {
  const main = document.getElementById("status");
  const outdated = document.getElementById("outdated");
  try {
    const answer = await fetch("./", { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // A selection would be lost, and with it what somebody is about to copy.
    if (!getSelection().isCollapsed) return;
    const before = [...main.querySelectorAll(places)];
    const scrolled = before.map((element) => element.scrollLeft);
    const focused = before.indexOf(document.activeElement);
    const unfolded = [...main.querySelectorAll("details[open]")].map((element) => element.id);
    main.replaceChildren(...page.getElementById("status").childNodes);
    const after = main.querySelectorAll(places);
    after.forEach((element, at) => { element.scrollLeft = scrolled[at] ?? 0; });
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
    after[focused]?.focus({ preventScroll: true });
    main.classList.remove("outdated");
    outdated.hidden = true;
  } catch {
    // The exporter can't be reached: what is shown is old, and has to look it.
    main.classList.add("outdated");
    outdated.hidden = false;
  }
}
setInterval(() => { if (!document.hidden) refresh(); }, period);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

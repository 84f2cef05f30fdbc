// Fetches the page anew and exchanges its middle, so that the reader keeps the place.
"use strict";
const period = 15000;
async function refresh() {
  const main = document.getElementById("status");
  try {
    const answer = await fetch("/", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const scrolled = [...document.querySelectorAll(".scroll")].map((element) => element.scrollLeft);
    main.replaceChildren(...page.getElementById("status").childNodes);
    document.querySelectorAll(".scroll").forEach((element, at) => { element.scrollLeft = scrolled[at] ?? 0; });
    main.classList.remove("outdated");
  } catch {
    // The exporter can't be reached: what is shown is old, and looks it.
    main.classList.add("outdated");
  }
}
setInterval(() => { if (!document.hidden) refresh(); }, period);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

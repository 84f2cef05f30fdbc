// What somebody couldn't read or reach. WCAG 2.2, level AA, as far as a program can tell.
const faults = [];
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) faults.push(`${root.scrollWidth} px wide`);
if (!root.lang) faults.push("no language");

// 1.4.3: text stands out from what is behind it.
const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const luminance = (colour) => {
  const [r, g, b] = channels(colour).slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (channels(colour)[3] !== 0) return colour;
  }
  return "rgb(255, 255, 255)";
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text = texts.nextNode(); text; text = texts.nextNode()) {
  const element = text.parentElement;
  if (!text.data.trim() || !element.checkVisibility()) continue;
  const [light, dark] = [getComputedStyle(element).color, behind(element)].map(luminance).sort((a, b) => b - a);
  const contrast = (light + 0.05) / (dark + 0.05);
  if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${text.data.trim()}`);
}

// 1.3.1: headings are in order, and cells have theirs.
let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) faults.push(`${heading.tagName} after H${level}: ${heading.innerText}`);
  level = own;
}
for (const cell of document.querySelectorAll("th:not([scope])")) faults.push(`no scope: ${cell.innerText}`);

// 2.1.1, 2.4.4: what scrolls can be reached by the keyboard and has a name, and so has each link.
for (const element of document.querySelectorAll(".scroll")) {
  if (element.tabIndex !== 0 || !element.ariaLabel) faults.push("a table without a name or out of reach");
}
for (const link of document.querySelectorAll("a")) if (!link.innerText.trim()) faults.push(`no text: ${link.href}`);

// 2.4.1 and others: a name stands for one thing.
const names = [...document.querySelectorAll("[id]")].map((element) => element.id);
if (new Set(names).size !== names.length) faults.push(`a name twice: ${names}`);
return faults;

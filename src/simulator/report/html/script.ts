/**
 * What the page does in a browser, and does without where scripts are off: a cursor that runs over all charts at once, moved by the pointer
 * or by the arrow keys, and the values under it in words.
 */
export const script = `
const { labels, charts } = JSON.parse(document.getElementById("values").textContent);
const figures = [...document.querySelectorAll(".chart")];
let at = 0;
const clamp = (index) => Math.max(0, Math.min(labels.length - 1, index));
function read(figure) {
  const words = charts[figure.id].map(([name, values]) => name + " " + values[at]);
  return labels[at] + ": " + words.join(", ");
}
function move(index, spoken) {
  at = clamp(index);
  const x = ((at + 0.5) / labels.length) * 1000;
  for (const figure of figures) {
    figure.querySelector("path.cursor").setAttribute("d", "M" + x + " 0V120");
    const reading = figure.querySelector(".reading");
    reading.setAttribute("aria-live", figure === spoken ? "polite" : "off");
    reading.textContent = read(figure);
  }
}
const page = Math.max(1, Math.round(labels.length / 10));
const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -page, PageDown: page };
for (const figure of figures) {
  figure.addEventListener("keydown", (event) => {
    if (event.target !== figure) return;
    if (event.key in steps) move(at + steps[event.key], figure);
    else if (event.key === "Home") move(0, figure);
    else if (event.key === "End") move(labels.length - 1, figure);
    else return;
    event.preventDefault();
  });
  figure.addEventListener("focus", () => move(at, figure));
  const svg = figure.querySelector(".plot svg");
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    move(Math.floor(((event.clientX - box.left) / box.width) * labels.length));
  });
}
`;

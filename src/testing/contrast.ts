/**
 * For expressions in a page: `ratio(colour, colour)` as WCAG 2 has it, (lighter + 0.05) / (darker + 0.05) of relative luminances; `behind(element)`, the colour that
 * it stands on; and `words()`, the contrast of whatever has words of its own and is shown.
 */
export const contrastFunctions: string = `
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const ratio = (a, b) => {
    const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (lighter + 0.05) / (darker + 0.05);
  };
  const hasWords = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const words = () => [...document.body.querySelectorAll("*")]
    .filter((element) => !["SCRIPT", "STYLE"].includes(element.tagName) && hasWords(element) && element.checkVisibility())
    .map((element) => ({ of: element.textContent.slice(0, 40), ratio: ratio(getComputedStyle(element).color, behind(element)) }));
`;

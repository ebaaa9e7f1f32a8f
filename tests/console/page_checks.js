// What is wrong with a page as it is shown now, as a list of sentences. CONTRAST and SIZES are put in by page_checks.py.
() => {
  const faults = [];
  const parse = (text) => {
    const numbers = text.match(/[\d.]+(?:e-?\d+)?/g).map(Number);
    if (text.startsWith("color(srgb")) return [...numbers.slice(0, 3).map((each) => each * 255), numbers[3] ?? 1];
    return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1];
  };
  const over = (front, back) => {
    const alpha = front[3];
    return [0, 1, 2].map((place) => front[place] * alpha + back[place] * (1 - alpha)).concat(1);
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour.slice(0, 3).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const canvas = parse(getComputedStyle(document.body).backgroundColor);
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour[3] > 0) layers.unshift(colour);
    }
    return layers.reduce((back, front) => over(front, back), [255, 255, 255, 1]);
  };
  const opacity = (element) => {
    let found = 1;
    for (let each = element; each; each = each.parentElement) found *= Number(getComputedStyle(each).opacity);
    return found;
  };
  const shown = (element) => element.checkVisibility({ opacityProperty: false, visibilityProperty: true });
  const hiddenByClip = (element) => element.closest(".unseen, .skip");
  const named = (element) => {
    const text = (element.textContent || "").trim().slice(0, 40);
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> ${text}`;
  };
  const ratio = (element, colour) => {
    const back = behind(element);
    const mixed = over([colour[0], colour[1], colour[2], colour[3] * opacity(element)], back);
    const [high, low] = [luminance(mixed), luminance(back)].sort((one, other) => other - one);
    return (high + 0.05) / (low + 0.05);
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || seen.has(element) || element.closest("noscript, script, option")) continue;
    seen.add(element);
    if (!shown(element) || hiddenByClip(element) || element.closest("button:disabled")) continue;
    const svg = element.ownerSVGElement;
    const style = getComputedStyle(element);
    const found = ratio(svg ? svg.parentElement : element, parse(svg ? style.fill : style.color));
    if (found < CONTRAST - 0.005) faults.push(`contrast ${found.toFixed(2)}: ${named(element)}`);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!shown(field) || hiddenByClip(field)) continue;
    const found = ratio(field, parse(getComputedStyle(field).color));
    if (found < CONTRAST - 0.005) faults.push(`contrast ${found.toFixed(2)}: ${named(field)}`);
    const label = field.labels && field.labels.length;
    if (!label && !field.getAttribute("aria-label")) faults.push(`no label: ${field.outerHTML.slice(0, 80)}`);
  }

  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll("main *, header *, nav *")]
      .filter((each) => shown(each) && each.getBoundingClientRect().right > width + 1 && !scrolls(each));
    faults.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${width}: ` +
      wide.slice(0, 3).map(named).join("; "));
  }
  function scrolls(element) {
    for (let each = element.parentElement; each; each = each.parentElement) {
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(each).overflowX)) return true;
    }
    return false;
  }

  const acts = "a, button, input:not([type=hidden]), select, textarea, summary, [data-copy], [role=button], [onclick]";
  for (const element of document.querySelectorAll(acts)) {
    if (!shown(element)) continue;
    if (element.tabIndex < 0 && !element.disabled) faults.push(`not reached by keyboard: ${named(element)}`);
    const name = element.getAttribute("aria-label") || element.textContent.trim() || element.getAttribute("title");
    if (["A", "BUTTON"].includes(element.tagName) && !name) faults.push(`no name: ${element.outerHTML.slice(0, 80)}`);
  }

  for (const cell of document.querySelectorAll(".num")) {
    if (shown(cell) && innerWidth > 1200 && getComputedStyle(cell).textAlign !== "right") faults.push(`not to the right: ${named(cell)}`);
  }
  const headings = [...document.querySelectorAll("h1")].filter(shown);
  if (headings.length !== 1) faults.push(`${headings.length} first headings`);
  for (const badge of document.querySelectorAll(".badge")) {
    if (shown(badge) && !badge.textContent.trim()) faults.push(`a colour without a word: ${badge.outerHTML.slice(0, 80)}`);
  }
  const sizes = new Set([...seen].filter((each) => shown(each) && !each.ownerSVGElement).map((each) => getComputedStyle(each).fontSize));
  for (const size of sizes) if (!SIZES.includes(size)) faults.push(`a size of type outside of the scale: ${size}`);
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  if (new Set(ids).size !== ids.length) faults.push("an id comes twice");
  return faults;
}

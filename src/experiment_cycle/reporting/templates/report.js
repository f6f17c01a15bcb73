(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const touch = matchMedia("(pointer: coarse)");
  const config = { responsive: true, displayModeBar: false };
  const paper = { ink: "#17212b", muted: "#586472", line: "#dde3e9", card: "#ffffff" };

  const colours = (light) => {
    if (light) return paper;
    const style = getComputedStyle(root);
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    return { ink: read("ink"), muted: read("muted"), line: read("line"), card: read("card"), challenger: read("challenger") };
  };

  const draw = (box, onPaper = false) => {
    const light = onPaper || box.closest(".keeps-light") !== null;
    const theme = colours(light);
    let text = document.getElementById(box.dataset.plot).textContent;
    if (theme.challenger) text = text.replaceAll(/#0072B2/gi, theme.challenger);
    const { data, layout } = JSON.parse(text);
    const narrow = box.clientWidth < 420;
    Object.assign(layout, {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      autosize: true,
      font: { ...layout.font, color: theme.ink, family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 12 },
      hoverlabel: { ...layout.hoverlabel, bgcolor: theme.card, bordercolor: theme.line, font: { color: theme.ink } },
      // on a touch screen, dragging scrolls the page
      dragmode: touch.matches ? false : "zoom",
    });
    if (narrow) {
      for (const trace of data) if (trace.type === "heatmap") trace.textfont = { ...trace.textfont, size: 10 };
    }
    if (layout.legend) layout.legend = { ...layout.legend, bgcolor: "rgba(0,0,0,0)" };
    for (const key of Object.keys(layout).concat("xaxis", "yaxis")) {
      if (!/^[xy]axis\d*$/.test(key)) continue;
      layout[key] = { ...layout[key], gridcolor: theme.line, zerolinecolor: theme.line, linecolor: theme.muted, tickcolor: theme.muted, automargin: true };
    }
    return Plotly.react(box, data, layout, config);
  };

  const boxes = [...document.querySelectorAll("[data-plot]")];
  const drawAll = (onPaper) => boxes.forEach((box) => draw(box, onPaper));
  drawAll(false);
  dark.addEventListener("change", () => drawAll(false));

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open], .not-on-paper)")];
    opened.forEach((box) => { box.open = true; });
    root.classList.add("on-paper");
    drawAll(true);
  });
  addEventListener("afterprint", () => {
    opened.forEach((box) => { box.open = false; });
    root.classList.remove("on-paper");
    drawAll(false);
  });

  // what a word means, on hover, on focus and on touch; a title would be shown on hover only
  const meaning = document.getElementById("meaning");
  let word = null;
  const place = () => {
    if (word === null) return;
    const at = word.getBoundingClientRect();
    const box = meaning.getBoundingClientRect();
    const below = at.bottom + 6 + box.height < innerHeight;
    meaning.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
    meaning.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - box.height - 6)}px`;
  };
  const silence = () => {
    word?.removeAttribute("aria-describedby");
    word = null;
    meaning.hidden = true;
  };
  const explain = (event) => {
    silence();
    word = event.currentTarget;
    word.setAttribute("aria-describedby", "meaning");
    meaning.textContent = word.dataset.meaning;
    meaning.hidden = false;
    place();
  };
  const explained = new Set();
  for (const each of document.querySelectorAll("abbr[title]")) {
    each.dataset.meaning = each.title;
    each.removeAttribute("title");
    // one stop of the keyboard for each word of a section, however often it is written
    const key = `${each.closest("[id]")?.id} ${each.textContent}`;
    if (!explained.has(key)) each.tabIndex = 0;
    explained.add(key);
    for (const kind of ["mouseenter", "focus", "click"]) each.addEventListener(kind, explain);
    for (const kind of ["mouseleave", "blur"]) each.addEventListener(kind, silence);
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") silence(); });
  addEventListener("scroll", place, { passive: true, capture: true });

  // laid out line by line, a table would not be read out as one without its roles
  for (const table of document.querySelectorAll(".reflow table")) {
    table.setAttribute("role", "table");
    for (const [part, role] of Object.entries({ "thead, tbody": "rowgroup", tr: "row", td: "cell", "thead th": "columnheader", "tbody th": "rowheader" })) {
      table.querySelectorAll(part).forEach((cell) => cell.setAttribute("role", role));
    }
  }

  const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
  const mark = () => {
    const reached = [...links.keys()].filter((id) => document.getElementById(id).getBoundingClientRect().top < innerHeight / 3);
    const atEnd = innerHeight + scrollY >= root.scrollHeight - 2;
    const current = atEnd ? [...links.keys()].at(-1) : reached.at(-1);
    for (const [id, link] of links) {
      if (id === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
  if (still.matches) root.style.scrollBehavior = "auto";
})();

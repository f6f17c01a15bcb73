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
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((box) => { box.open = true; });
    drawAll(true);
  });
  addEventListener("afterprint", () => {
    opened.forEach((box) => { box.open = false; });
    drawAll(false);
  });

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

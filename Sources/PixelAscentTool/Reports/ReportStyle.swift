// SPDX-License-Identifier: MIT

import PixelAscent

extension ReportPage {
  /// The style sheet of all reports, for phones and wide screens, light and dark colour schemes, and paper.
  static let style: HTML = """
    :root {
      --paper: #fbfaf7; --ink: #1d1b19; --faint: #6a655f; --rule: #e3ded6; --wash: #f2efe9;
      --line-0: #b4421d; --line-1: #2a6a93;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #161513; --ink: #ece8e1; --faint: #a29b92; --rule: #37332e; --wash: #211f1c;
        --line-0: #ff9a66; --line-1: #7fc1ea;
      }
    }
    * { box-sizing: border-box; }
    html { background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
    body { margin: 0; padding: clamp(1.5rem, 5vw, 4.5rem) clamp(1.1rem, 5vw, 3rem); overflow-wrap: anywhere; }
    main, footer { max-width: 62rem; margin: 0 auto; }
    p, h1, h2, figure, dl, dd, pre { margin: 0; }
    .kind { color: var(--faint); letter-spacing: 0.02em; }
    h1 { font-size: clamp(2rem, 6vw, 3.25rem); font-weight: 600; line-height: 1.12; letter-spacing: -0.02em; margin: 0.15em 0 0.3em; }
    .lead { font-size: 1.15rem; max-width: 44rem; }
    section { margin-top: clamp(2.5rem, 6vw, 4rem); }
    h2 { font-size: 1.15rem; font-weight: 600; margin-bottom: 1rem; }
    small, figcaption, caption, dt, thead th, footer { color: var(--faint); font-size: 0.875rem; font-weight: 400; }
    .pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); gap: 1.75rem 1.25rem; }
    .two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 2rem 3rem; align-items: start; }
    .ascent > .two { margin-top: 2rem; }
    img { display: block; width: 100%; height: auto; max-height: 85vh; object-fit: contain; object-position: left top; }
    img.small { image-rendering: pixelated; }
    figcaption { padding-top: 0.5rem; }
    .stack { display: grid; }
    .stack > * { grid-area: 1 / 1; }
    .stack > :last-child { opacity: var(--opacity, 0.6); }
    label { display: flex; gap: 0.75rem; align-items: center; font-variant-numeric: tabular-nums; }
    label input { flex: 1; min-width: 0; max-width: 24rem; accent-color: var(--line-0); }
    output { min-width: 3.5em; }
    [hidden] { display: none; }
    .sliding { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 2rem 3rem; }
    .sliding > .two { margin: 0; align-content: start; }
    .sliding label { margin-top: 0.75rem; }
    table { width: 100%; max-width: 40rem; border-collapse: collapse; font-variant-numeric: tabular-nums; }
    caption { text-align: left; padding-bottom: 0.35rem; }
    td, th { padding: 0.5rem 0 0.5rem 0.9rem; text-align: right; vertical-align: top; white-space: nowrap; border-top: 1px solid var(--rule); }
    thead th { border: 0; padding-block: 0; }
    th:nth-child(2) { text-align: left; width: 100%; font-weight: 400; white-space: normal; }
    td:first-child, th:first-child { padding-left: 0; color: var(--faint); }
    .marked th:nth-child(2) bdi { font-weight: 600; }
    .bar { display: block; height: 3px; margin-top: 0.3rem; background: var(--wash); }
    .bar i { display: block; height: 100%; background: var(--line-0); }
    dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 9.5rem), 1fr)); gap: 1.1rem 1.5rem; }
    @media (min-width: 50rem) { dl { grid-template-columns: repeat(4, 1fr); } }
    dd { font-variant-numeric: tabular-nums; }
    .chart { max-width: 34rem; }
    .chart figcaption { padding: 0 0 0.5rem; display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
    .chart svg { display: block; width: 100%; height: auto; }
    .chart text { fill: var(--faint); font: 11px system-ui, sans-serif; }
    .chart line { stroke: var(--rule); }
    .chart polyline { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
    .line-0 { stroke: var(--line-0); border-color: var(--line-0); }
    .line-1 { stroke: var(--line-1); border-color: var(--line-1); border-top-style: dashed; }
    .line-1 polyline { stroke-dasharray: 5 3; }
    .line-0 circle { fill: var(--line-0); }
    .line-1 circle { fill: var(--line-1); }
    .chart circle.quiet { display: none; }
    .chart circle.now { display: inline; r: 5px; }
    .key { display: inline-block; width: 1.5rem; height: 0; margin-right: 0.4rem; vertical-align: middle; border-top-width: 2px; }
    .key.line-0 { border-top-style: solid; }
    .command { font: 0.9rem/1.6 ui-monospace, monospace; white-space: pre-wrap; background: var(--wash); padding: 1rem 1.1rem; user-select: all; }
    .command span { display: inline-block; max-width: 100%; }
    footer { margin-top: clamp(3rem, 7vw, 5rem); padding-top: 1rem; border-top: 1px solid var(--rule); }
    .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    @media print {
      :root { --paper: #fff; --ink: #000; --faint: #444; --rule: #ccc; --wash: #eee; --line-0: #b4421d; --line-1: #2a6a93; }
      html { font-size: 10pt; }
      body { padding: 0; }
      section, footer { margin-top: 1.5rem; }
      .command { padding: 0; }
      p, figure, table, dl div, .command { break-inside: avoid; }
      h2 { break-after: avoid; }
      .pictures { grid-template-columns: repeat(auto-fit, minmax(4.5cm, 1fr)); }
      .pictures figure[hidden] { display: block; }
      img { max-height: 12cm; }
      .sliding { display: block; }
      .ascent > .two { margin-top: 1.5rem; }
      .two { grid-template-columns: 1fr 1fr; gap: 1.5rem; }
      label { display: none; }
      .bar, .bar i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    }

    """

  /// The script of the sliders, which are hidden until the script runs.
  static let script: HTML = """
    for (const label of document.querySelectorAll("label[data-opacity]")) {
      const input = label.querySelector("input"), output = label.querySelector("output");
      const stack = document.getElementById(label.dataset.opacity);
      const show = () => {
        stack.style.setProperty("--opacity", input.value / 100);
        output.value = input.value + " %";
      };
      input.addEventListener("input", show);
      show();
      label.hidden = false;
    }
    for (const label of document.querySelectorAll("label[data-frames]")) {
      const input = label.querySelector("input"), output = label.querySelector("output");
      const frames = document.getElementById(label.dataset.frames);
      const dots = document.querySelectorAll(".chart circle");
      const show = () => {
        [...frames.children].forEach((frame, index) => { frame.hidden = index != input.value; });
        output.value = frames.children[input.value].dataset.iteration;
        for (const dot of dots) dot.classList.toggle("now", dot.dataset.iteration == output.value);
      };
      frames.closest(".ascent").classList.add("sliding");
      input.addEventListener("input", show);
      show();
      label.hidden = false;
    }

    """
}

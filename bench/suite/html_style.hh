/* SPDX-License-Identifier: BSD-2-Clause */
/* How the page looks: light or dark as the reader's system is, tables as cards on a phone. */
#ifndef BENCH_SUITE_HTML_STYLE_HH
#define BENCH_SUITE_HTML_STYLE_HH

const char html_style[] = R"css(
:root { color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2024; --faint: #60686f; --rule: #dfe3e6; --shade: #f5f7f8;
  --ahead: #0b7a4b; --behind: #b3401c;
  --c0: #0b7a4b; --c1: #5aa700; --c2: #2463c4; --c3: #c2571a; --c4: #8540b5; --c5: #0f8390;
  --c6: #b8336a; --c7: #7a6a00; --c8: #5b6770; --c9: #a33b3b; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14181b; --ink: #e6e9eb; --faint: #98a2aa; --rule: #30373c; --shade: #1c2226;
  --ahead: #45c78c; --behind: #f0845c;
  --c0: #45c78c; --c1: #a5d64c; --c2: #6fa3f2; --c3: #f09a5c; --c4: #c493ea; --c5: #4fc5d2;
  --c6: #f07fae; --c7: #d6c24a; --c8: #a7b3bc; --c9: #ef8f8f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 16px; }
h1 { font-size: 26px; margin: 12px 0; }
h2 { font-size: 20px; margin: 36px 0 8px; padding-top: 8px; border-top: 1px solid var(--rule); }
h3 { font-size: 15px; margin: 20px 0 0; }
a { color: inherit; text-decoration-color: var(--faint); text-underline-offset: 3px; }
.unit, .range { color: var(--faint); font-size: 13px; }
.unit { margin: 0 0 4px; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr));
  gap: 6px 24px; margin: 0; }
.facts div { display: flex; gap: 10px; }
.facts dt { color: var(--faint); flex: 0 0 72px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.failed { color: var(--behind); font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; font-weight: normal; }
thead th { color: var(--faint); font-size: 13px; }
.ours, .ours th { color: var(--ahead); }
.ratio { font-weight: 600; display: inline-block; min-width: 52px; }
.ratio.ahead { color: var(--ahead); }
.ratio.behind { color: var(--behind); }
.range { white-space: nowrap; }
.bar { width: 100px; height: 10px; vertical-align: middle; }
.bar .ahead { fill: var(--ahead); }
.bar .behind { fill: var(--behind); }
.bar line { stroke: var(--faint); stroke-width: 0.6; }
section table { table-layout: fixed; }
section th:first-child { width: 30%; }
section td:last-child, section thead th:last-child { width: 32%; }
section .latency td:last-child, section .latency thead th:last-child { width: auto; }
section .latency { margin-top: 8px; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr));
  gap: 8px 32px; }
figure { margin: 0; min-width: 0; max-width: 620px; }
.plot { width: 100%; height: auto; display: block; }
.plot text { fill: var(--faint); font-size: 12.5px; }
.plot .grid { stroke: var(--rule); }
.plot .tick { stroke: var(--faint); }
.plot polyline { fill: none; stroke: currentColor; stroke-width: 1.6; }
.plot g line { stroke: currentColor; stroke-width: 1.2; }
.plot .dashed polyline { stroke-dasharray: 5 3; }
.plot .c0 polyline, .plot .c1 polyline { stroke-width: 3; }
figure circle, figure rect, figure path { fill: currentColor; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; }
.legend .name { color: var(--ink); }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
.c6 { color: var(--c6); } .c7 { color: var(--c7); } .c8 { color: var(--c8); }
.c9 { color: var(--c9); }
@media (max-width: 700px) {
  thead { display: none; }
  table, tbody, tr, th[scope], td { display: block; width: auto !important; }
  tr { padding: 8px 0; border-bottom: 1px solid var(--rule); }
  th, td { border: 0; padding: 1px 0; }
  th[scope] { font-weight: 600; }
  td { display: flex; gap: 10px; flex-wrap: wrap; }
  td:empty { display: none; }
  .glance tr { display: grid; grid-template-columns: 1fr 1fr; }
  .glance th, .glance .wide { grid-column: 1 / 3; }
  td[data-label]::before { content: attr(data-label); color: var(--faint); flex: 0 0 84px; }
}
@media print { a { text-decoration: none; } section { break-inside: avoid; } }
)css";

#endif

/** The look of a report. Every pair of colours that carries words has a contrast of at least 4.5 : 1, in light and in dark. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --card: #f5f6f8; --line: #c9ced6; --text: #1b1f24; --soft: #4f5864;
  --main: #0b57d0; --second: #8a3ffc; --limit: #59636e; --bad: #b3261e; --good: #146c2e; --mark: #8a5a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1e2226; --line: #444c56; --text: #e6e8eb; --soft: #aab2bd;
    --main: #8ab4f8; --second: #c9a6ff; --limit: #9aa5b1; --bad: #ff9c94; --good: #7fd093; --mark: #f2c15c;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .25rem 0; max-width: 48rem; }
.skip { position: absolute; left: -999px; }
.skip:focus { position: static; }
.soft { color: var(--soft); }
.verdict { display: inline-block; margin: .75rem 0; padding: .35rem .75rem; border: 2px solid; border-radius: .5rem; font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
td .good, td .bad { white-space: nowrap; }
.card { background: var(--card); border-radius: .5rem; padding: .75rem 1rem; border-inline-start: 4px solid var(--mark); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: start; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); font-size: .875rem; white-space: nowrap; }
tbody th { white-space: nowrap; }
:focus-visible { outline: 3px solid var(--main); outline-offset: 3px; border-radius: .25rem; }
.chart { margin: 0 0 1.5rem; }
.chart .title { font-weight: 600; margin-inline-end: 1rem; }
.legend { font-size: .875rem; color: var(--soft); }
.key { white-space: nowrap; margin-inline-end: .75rem; }
.key svg { width: 1.5rem; height: .5rem; margin-inline-end: .35rem; }
.plot { display: grid; grid-template-columns: 4.5rem 1fr; margin-top: .35rem; }
.plot svg { width: 100%; height: 7.5rem; overflow: visible; display: block; }
.y { display: flex; flex-direction: column; justify-content: space-between; margin: -.6rem .5rem -.6rem 0; text-align: end;
  font-size: .8rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.x { position: relative; height: 1.2rem; margin: .35rem 0 0 4.5rem; font-size: .8rem; color: var(--soft); }
.x span { position: absolute; white-space: nowrap; }
.x .middle { transform: translateX(-50%); }
path { fill: none; vector-effect: non-scaling-stroke; }
.grid { stroke: var(--line); stroke-width: 1; }
.mark { stroke: var(--mark); stroke-width: 1.5; stroke-dasharray: 2 3; }
.cursor { stroke: var(--text); stroke-width: 1.5; }
.curve { stroke-width: 2; stroke-linejoin: round; }
.main { stroke: var(--main); }
.second { stroke: var(--second); stroke-dasharray: 7 3; }
.limit { stroke: var(--limit); stroke-dasharray: 2 4; }
.curve.bad { stroke: var(--bad); }
.reading { display: block; min-height: 1.5rem; margin-inline-start: 4.5rem; font-size: .875rem; font-variant-numeric: tabular-nums; }
.numbers { position: relative; margin-inline-start: 4.5rem; }
.numbers a { position: absolute; transform: translateX(-50%); min-width: 1.6rem; padding: 0 .3rem; text-align: center; border-radius: .8rem;
  background: var(--mark); color: var(--page); text-decoration: none; font-size: .875rem; line-height: 1.6rem; }
details { margin-inline-start: 4.5rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--soft); }
details .scroll { max-height: 18rem; overflow-y: auto; }
li:target { background: var(--card); outline: 2px solid var(--mark); }
@media (max-width: 36rem) {
  .plot { grid-template-columns: 3.25rem 1fr; }
  .x, .reading, .numbers, details { margin-inline-start: 3.25rem; }
  .x span:nth-child(even) { display: none; }
}
@media print { details { display: none; } .chart { break-inside: avoid; } }
`;

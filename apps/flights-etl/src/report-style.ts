/** The report's style: it follows the reader's light or dark scheme, and narrow screens get charts drawn for them. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f6f5f1, #131519); --card: light-dark(#ffffff, #1b1e24); --line: light-dark(#e4e2da, #2d313a);
  --text: light-dark(#1d2126, #e8e9ec); --soft: light-dark(#5b626c, #a3aab6);
  --late: light-dark(#c8501a, #f28b4b); --early: light-dark(#12806f, #3cc4ac); --volume: light-dark(#44658f, #7ea3d6);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; text-wrap: balance; margin: 0 0 6px; }
h2 { font-size: 18px; line-height: 1.3; margin: 0 0 2px; }
p { margin: 0; }
.soft, figcaption { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: 16px; margin: 28px 0 16px; padding: 0; }
.figures div, figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.figures div { padding: 14px 16px; }
.figures dt { color: var(--soft); font-size: 14px; }
.figures dd { margin: 0; font-size: 24px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
figure { margin: 0; padding: 20px 22px; }
figure.whole { grid-column: 1 / -1; }
figcaption { margin-bottom: 16px; font-size: 15px; }
figcaption h2 { color: var(--text); }
svg { display: block; width: 100%; height: auto; font-size: 12.5px; font-variant-numeric: tabular-nums; }
svg text { fill: var(--text); }
svg .axis, svg .tick { fill: var(--soft); }
svg .code { font-weight: 650; }
svg .middle { text-anchor: middle; }
svg .end { text-anchor: end; }
svg line { stroke: var(--line); shape-rendering: crispEdges; }
svg .zero { stroke: var(--soft); }
svg .late { fill: var(--late); }
svg .early { fill: var(--early); }
svg .volume { fill: var(--volume); }
svg .track { fill: var(--line); }
svg .pale { opacity: 0.4; }
svg rect:hover { filter: brightness(1.15); }
.narrow { display: none; }
footer { margin-top: 24px; font-size: 14px; color: var(--soft); }
footer p + p { margin-top: 6px; }
@media (max-width: 1020px) {
  .figures { grid-template-columns: repeat(3, 1fr); }
  figure:not(.whole) .wide { display: none; }
  figure:not(.whole) .narrow { display: block; }
  figure.whole .wide svg { font-size: 15px; }
}
@media (max-width: 760px) {
  main { padding: 24px 14px 40px; }
  h1 { font-size: 24px; }
  .figures { grid-template-columns: 1fr 1fr; gap: 10px; margin: 20px 0 10px; }
  .figures div { padding: 10px 14px; }
  .figures dd { font-size: 21px; }
  .charts { grid-template-columns: minmax(0, 1fr); gap: 10px; }
  figure { padding: 16px 14px; }
  .wide { display: none; }
  .narrow { display: block; }
}
@media print { body { background: none; } figure { break-inside: avoid; } }
`

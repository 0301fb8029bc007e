"""The look of reports: on screens light or dark, on phones and on paper."""

CSS = """\
:root {
  color-scheme: light;
  --page: #fdfdfc;
  --text: #1d2126;
  --muted: #5a636e;
  --rule: #dcdfe3;
  --strong-rule: #8b939d;
  --accent: #1f5a93;
  --good: #19703f;
  --warning: #8a5700;
  --bad: #b3261e;
  --note: #1f5a93;
  --shadow: rgb(29 33 38 / 0.22);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --page: #15181c;
    --text: #e3e6ea;
    --muted: #a1a9b4;
    --rule: #2f353c;
    --strong-rule: #6b747f;
    --accent: #8cbcf0;
    --good: #6fc795;
    --warning: #e2b457;
    --bad: #f2918a;
    --note: #8cbcf0;
    --shadow: rgb(0 0 0 / 0.7);
  }
}

*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  max-width: 62rem;
  margin: 0 auto;
  padding: 2.5rem 1.25rem 3rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--accent); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
h1, h2 { line-height: 1.2; text-wrap: balance; }
h1 { margin: 0; font-size: clamp(1.6rem, 1.2rem + 1.6vw, 2.1rem); letter-spacing: -0.018em; }
h2 { margin: 0 0 0.75rem; font-size: 1.25rem; letter-spacing: -0.01em; }
p, dl, summary { max-width: 42rem; }
p { margin: 0 0 1rem; text-wrap: pretty; }
header p { margin: 0.5rem 0 0; color: var(--muted); }
.intro { color: var(--muted); }

section { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); }
section > :last-child { margin-bottom: 0; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
footer p { margin: 0; color: var(--muted); font-size: 0.8125rem; }

nav { margin-top: 1.5rem; font-size: 0.9375rem; }
nav ol { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0; }
nav li { list-style: none; }
nav a { display: inline-block; padding: 0.2rem 0; text-decoration-color: transparent; }
nav a:hover { text-decoration-color: currentColor; }

figure { margin: 1.25rem 0; }
figcaption { max-width: 42rem; color: var(--muted); font-size: 0.875rem; line-height: 1.45; }
img { display: block; max-width: 100%; height: auto; background: #fff; border-radius: 2px; }
img + figcaption { margin-top: 0.5rem; }
.pixelated { image-rendering: pixelated; }
.gallery {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), max-content));
  gap: 1.5rem 2rem;
  margin: 1.25rem 0;
}
.gallery figure { margin: 0; }

.table figcaption { margin-bottom: 0.375rem; color: var(--text); font-weight: 600; }
.scroll {
  overflow-x: auto;
  /* A shadow at the right edge tells of columns out of sight; the cover hides it at the end. */
  background:
    linear-gradient(to left, var(--page) 40%, transparent) right no-repeat local,
    linear-gradient(to left, var(--shadow), transparent 0.75rem) no-repeat scroll;
  background-size: 2.5rem 100%, 100% calc(100% - 1px);
}
table {
  border-collapse: separate; /* so that the rules stay with cells that do not scroll */
  border-spacing: 0;
  font-size: 0.9375rem;
  line-height: 1.35;
  font-variant-numeric: tabular-nums lining-nums;
}
th, td {
  position: relative;
  padding: 0.375rem 0.875rem;
  text-align: left;
  vertical-align: baseline;
  overflow-wrap: break-word;
}
th { font-weight: inherit; }
thead th {
  color: var(--muted);
  font-size: 0.8125rem;
  font-weight: 600;
  vertical-align: bottom;
  border-bottom: 1px solid var(--strong-rule);
}
tbody tr + tr > * { border-top: 1px solid var(--rule); }
tbody tr:last-child > * { border-bottom: 1px solid var(--strong-rule); }
tr > :first-child {
  position: sticky;
  left: 0;
  z-index: 1;
  padding-left: 0;
  background: var(--page);
}
tbody th { max-width: 18rem; }
.number { text-align: right; }
td.number { white-space: nowrap; }
tbody .muted { color: var(--muted); }
.shaded { background: color-mix(in srgb, var(--accent) calc(var(--shade) * 0.45), transparent); }
strong { font-weight: 700; }
/* Out of the flow, so that the figures above and below stay in line. */
sup { position: absolute; margin-left: 0.15em; font-size: 0.6875rem; line-height: 1; }
sup a { padding: 0.25rem; margin: -0.25rem; text-decoration: none; }
.notes { max-width: 42rem; margin-top: 0.5rem; color: var(--muted); font-size: 0.8125rem; }
.notes p { margin: 0; }
.notes ol { margin: 0.125rem 0 0; padding-left: 1.25rem; }
.notes li:target { color: var(--text); }

.callout { position: relative; padding: 0.125rem 0 0.125rem 2.25rem; }
.callout::before {
  position: absolute;
  inset: 0 auto 0 0;
  width: 3px;
  border-radius: 2px;
  background: var(--kind);
  content: "";
}
.callout > span { position: absolute; left: 1rem; color: var(--kind); font-weight: 700; }
.good { --kind: var(--good); }
.warning { --kind: var(--warning); }
.bad { --kind: var(--bad); }
.note { --kind: var(--note); }

dl { margin: 1.25rem 0; }
dt { font-weight: 600; }
dd { margin: 0 0 0.75rem; }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--accent); }
details > :not(summary) { margin-left: 1.1rem; }

@media (min-width: 40rem) {
  body { padding-inline: 2rem; }
  dl { display: grid; grid-template-columns: fit-content(13rem) 1fr; gap: 0.5rem 1.5rem; }
  dd { margin: 0; }
}
@media (max-width: 40rem) {
  th, td { padding-inline: 0.625rem; }
  tbody th { min-width: 5.5rem; max-width: 9rem; }
}
@media screen and (min-width: 72rem) {
  tbody th { min-width: 9rem; }
  body:has(> nav) {
    display: grid;
    grid-template-columns: 11rem minmax(0, 1fr);
    column-gap: 3.5rem;
    max-width: 76rem;
  }
  body > * { grid-column: 2; }
  nav { grid-column: 1; grid-row: 1 / span 3; margin: 0.5rem 0 0; }
  nav ol { position: sticky; top: 2rem; flex-direction: column; }
}

@media print {
  @page { margin: 18mm 16mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  section { margin-top: 1.5rem; }
  h2, .intro, .table figcaption, thead, summary { break-after: avoid; }
  figure, tr, .callout { break-inside: avoid; } /* a table longer than a page breaks at a row */
  p, li, dd { orphans: 3; widows: 3; }
  .notes { break-before: avoid; }
  .scroll { overflow: visible; background: none; }
  tr > :first-child { position: static; }
  table { font-size: 9pt; }
  .shaded, .callout::before, img { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; color: inherit; font-weight: 600; }
  summary::-webkit-details-marker { display: none; }
  details > :not(summary) { margin-left: 0; }
}
"""

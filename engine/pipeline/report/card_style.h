// How the release card looks: calm, readable on a phone, printable, following the reader's dark
// mode. Text and its ground differ by 4.5 to 1 at least.
#pragma once

namespace millrace::pipeline {

inline constexpr const char* kCardStyle = R"css(
:root{--ink:#1c2733;--soft:#526173;--line:#dde3ea;--paper:#fff;--band:#f4f6f9;--good:#1f6b45;
--bad:#a8450f;--goodband:#e6f4ec;--badband:#fdeee4;--bar:#5b7ba6;color-scheme:light}
@media(prefers-color-scheme:dark){:root{--ink:#e2e8f0;--soft:#a3b1c6;--line:#334155;
--paper:#0f172a;--band:#1b2638;--good:#68d391;--bad:#f6ad55;--goodband:#12301f;--badband:#3a2410;
--bar:#7f9fcb;color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{display:block;margin:0 auto;max-width:60rem;padding:1.6rem 1.1rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--line);
overflow-wrap:anywhere}
h3{font-size:1rem;margin:1.3rem 0 .3rem;overflow-wrap:anywhere}
p{margin:.4rem 0;overflow-wrap:anywhere}.soft{color:var(--soft)}
code,.m{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.verdict{overflow-wrap:anywhere;margin:1rem 0;padding:.8rem 1rem;border-radius:.6rem;border-left:.4rem solid var(--soft);
background:var(--band)}
.verdict p:first-child{font-size:1.2rem;font-weight:600;margin:0}
.verdict ul{margin:.4rem 0 0;padding-left:1.2rem}.verdict li{margin:.2rem 0}
.verdict.fit{border-color:var(--good);background:var(--goodband)}
.verdict.unfit{border-color:var(--bad);background:var(--badband)}
.fit b,.good b,b.good{color:var(--good)}.unfit b,.bad b,b.bad{color:var(--bad)}
.tiles{display:flex;flex-wrap:wrap;gap:.7rem;margin:1rem 0}
.tile{flex:1 1 8rem;padding:.6rem .9rem;background:var(--band);border-radius:.6rem}
.tile b{display:block;font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:.88rem}
svg{display:block}.flow{width:100%;height:14px;margin:.3rem 0 .8rem}
.spread{width:100%;max-width:30rem;height:60px}
.shape{width:120px;height:28px}.shape rect,.share rect{fill:var(--bar)}.share{width:100%;height:8px}
.scroll{overflow-x:auto}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--bar);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.82rem;white-space:nowrap}
th,td{padding:.34rem .9rem .34rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:break-word}td code,td .m{display:inline-block;min-width:6rem}
.w{min-width:11rem}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.sum td{font-weight:600}
details{margin:.2rem 0 .7rem}summary{cursor:pointer;padding:.25rem 0;overflow-wrap:anywhere}
summary b{font-variant-numeric:tabular-nums}
.sample{margin:.4rem 0 .8rem;padding:.5rem .8rem;background:var(--band);border-radius:.5rem;
font-size:.9rem;overflow-wrap:anywhere}
pre{margin:.3rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;
font:.82rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.c{font-style:normal;font-size:.75em;color:var(--bad);border:1px solid;border-radius:.2em;
padding:0 .15em}
.hash{font-size:.78em;color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;margin:.4rem 0}
dt{color:var(--soft);overflow-wrap:anywhere;max-width:14rem}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:34rem){main{padding:1rem .8rem 3rem}dl{grid-template-columns:1fr}
dd{margin-bottom:.5rem}.tile{flex-basis:6.4rem;padding:.5rem .7rem}.tile b{font-size:1.25rem}}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--band:#f4f4f4;--good:#1f6b45;
--bad:#a8450f;--goodband:#fff;--badband:#fff;color-scheme:light}
main{padding:0;max-width:none}body{font-size:11px}.scroll{overflow:visible}
h2,h3{break-after:avoid}tr,.sample,.tile,.verdict{break-inside:avoid}
details::details-content{content-visibility:visible;display:block}}
)css";

}  // namespace millrace::pipeline

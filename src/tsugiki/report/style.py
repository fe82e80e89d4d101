"""Style sheets of the page and of single drawings: from 440 pixels to 1,200, light and dark, on screen and on paper."""

ARM_COLOURS = 6
"""Colours after which arms repeat them; every mark also carries its arm's name."""

_COLOURS = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#171a1f;--soft:#545d6a;--line:#d8dce2;
--good:#0a7350;--bad:#b3261e;--warn:#8a5200;--warn-bg:#fdf1dc;
--a0:#626b78;--a1:#0b69b7;--a2:#b45309;--a3:#08775a;--a4:#7c3aed;--a5:#be185d}
@media(prefers-color-scheme:dark){:root{--page:#101317;--card:#181c22;--ink:#e9ecf0;--soft:#a5aebb;--line:#343b45;
--good:#4fd0a0;--bad:#ff9a90;--warn:#f2b95c;--warn-bg:#382a12;
--a0:#a3adba;--a1:#62b0f5;--a2:#f0a14a;--a3:#43cf9f;--a4:#b79bff;--a5:#f67fb8}}
"""

_DRAWINGS = """
svg{display:block;width:100%;max-width:540px;height:auto}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Hiragino Sans","Noto Sans CJK JP",sans-serif;
fill:var(--ink)}
svg .head{font-weight:650}
svg .soft{fill:var(--soft)}
svg .num{font-variant-numeric:tabular-nums}
.grid{stroke:var(--line);stroke-width:1}.zero{stroke:var(--soft);stroke-width:1.2}
.bar{opacity:.2}.whisker{stroke-width:2}.dot{stroke:var(--card);stroke-width:1.5}
.curve{fill:none;stroke:var(--a1);stroke-width:1.9;stroke-linejoin:round}.raw{opacity:.32;stroke-width:1}
.rate{fill:none;stroke:var(--a2);stroke-width:1.4;stroke-dasharray:4 3}
.f0{fill:var(--a0)}.f1{fill:var(--a1)}.f2{fill:var(--a2)}.f3{fill:var(--a3)}.f4{fill:var(--a4)}.f5{fill:var(--a5)}
.s0{stroke:var(--a0)}.s1{stroke:var(--a1)}.s2{stroke:var(--a2)}.s3{stroke:var(--a3)}.s4{stroke:var(--a4)}.s5{stroke:var(--a5)}
"""

DRAWING = f"""{_COLOURS}{_DRAWINGS}
svg{{background:var(--card);max-width:720px;margin:0 auto}}
"""
"""For a drawing that is a document of its own."""

_PAGE = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:break-word;background:var(--page);color:var(--ink);line-height:1.55;font-size:15px;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Hiragino Sans","Noto Sans CJK JP",
"Noto Sans JP","Yu Gothic UI",Meiryo,sans-serif}
main{max-width:1160px;margin:0 auto;padding:20px 16px 40px}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.12rem;line-height:1.3;margin:0 0 2px}
h3{font-size:.95rem;margin:18px 0 6px}
h4{font-size:.95rem;margin:0;font-weight:600;overflow-wrap:anywhere}
p{margin:4px 0 10px}
a{color:var(--a1)}
.lead,.note,caption,small{color:var(--soft)}
.lead{overflow-wrap:anywhere}
.note,caption,small{font-size:.82rem}
nav{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:2px 14px;font-size:.85rem;margin:0 -16px;
padding:6px 16px;background:var(--page)}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px;margin:14px 0}
section[id]{scroll-margin-top:42px}
.verdict{border-left:5px solid var(--soft)}
.verdict p:first-of-type{font-size:1.2rem;line-height:1.4;font-weight:650;margin:0 0 6px;text-wrap:pretty}
.better{border-left-color:var(--good)}.worse{border-left-color:var(--bad)}.none,.undecided{border-left-color:var(--warn)}
.verdict ul{margin:8px 0 0;padding-left:20px}
.verdict li{text-wrap:pretty}
.pair,.many{display:grid;gap:14px 28px;align-items:start}
.pair>*,.many>*{min-width:0}
@media(min-width:700px){.many{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media(min-width:860px){.pair{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}}
@media(max-width:560px){body{font-size:14px;line-height:1.5}main{padding:12px 12px 32px}
nav{margin:0 -12px;padding:6px 12px;gap:2px 9px;font-size:.8rem}
section{padding:12px;margin:10px 0}h1{font-size:1.35rem}.verdict p:first-of-type{font-size:1.12rem}}
figure{margin:8px 0 0;min-width:0}
figcaption{font-size:.9rem;font-weight:600}
.arm{display:inline-flex;align-items:baseline;gap:6px}th .arm{white-space:nowrap}
.said th .arm{white-space:normal;overflow-wrap:anywhere}
.key{width:10px;height:10px;border-radius:3px;background:currentColor;flex:none}
.c0{color:var(--a0)}.c1{color:var(--a1)}.c2{color:var(--a2)}.c3{color:var(--a3)}.c4{color:var(--a4)}.c5{color:var(--a5)}
.scroll{position:relative;overflow-x:auto;margin:8px 0}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--a1);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.88rem}
.scroll table{width:auto;min-width:min(100%,600px)}.n+:not(.n){padding-left:14px}
caption{text-align:left;padding-bottom:4px}
th,td{padding:5px 8px 5px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th:last-child,td:last-child{padding-right:0}
thead th,thead .n{font-size:.8rem;color:var(--soft);font-weight:600;vertical-align:bottom;white-space:normal}
tbody tr:last-child>*{border-bottom:0}
tbody th,tfoot th{font-weight:600}
tfoot tr:first-child>*{border-top:2px solid var(--line)}tfoot tr:last-child>*{border-bottom:0}
.n{padding-left:6px;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td small,th small{display:block;white-space:nowrap;font-size:.76rem;font-weight:400}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
details{margin:10px 0 0}
summary{cursor:pointer;font-size:.9rem;color:var(--a1);font-weight:600}
.many{margin:10px 0}.card{border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.card p{margin:2px 0 4px}.card p:last-child{margin:4px 0 0;font-size:.76rem}
.said{table-layout:fixed}
.said th{width:7.8em;font-size:.8rem}
.said .mark{width:26px}
.text{white-space:pre-wrap;overflow-wrap:anywhere}
.passage{font-size:.8rem;border-top:1px solid var(--line);padding-top:4px}.passage del{color:var(--bad)}
section>.card,details>.card{margin:10px 0}
.icon{display:inline-block;width:15px;height:15px;vertical-align:-2px;max-width:none;fill:none;stroke-width:2.4;
stroke-linecap:round;stroke-linejoin:round}
.right{stroke:var(--good)}.wrong{stroke:var(--bad)}.partly{stroke:var(--warn)}
.tag{display:inline-block;font-size:.75rem;border-radius:4px;padding:0 5px;background:var(--warn-bg);color:var(--warn);
white-space:nowrap}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
dl{display:grid;grid-template-columns:fit-content(45%) minmax(0,1fr);gap:3px 12px;margin:6px 0;font-size:.86rem}
dt{color:var(--soft);overflow-wrap:anywhere}dd{margin:0;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:.82rem}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb}
html{font-size:10.5px}body{font-size:1rem}main{max-width:none;padding:0}nav{display:none}
section{border-width:1px 0 0;border-radius:0;padding:8px 0;margin:6px 0}
.verdict{border-left-width:5px;padding-left:10px}
.pair,.many{grid-template-columns:repeat(2,minmax(0,1fr))}.scroll table{min-width:100%}
.card,figure,tr{break-inside:avoid}.scroll{overflow:visible}h2,h3{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto}}
"""

STYLE = f"{_COLOURS}{_PAGE}{_DRAWINGS}"
"""For the page."""

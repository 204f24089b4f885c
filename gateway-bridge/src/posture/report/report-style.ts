/** For paper first, and for the dark; no sign of it is by colour alone. */
export const reportStyle = `
:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--quiet:#555;--line:#767676;--hair:#ddd}
@media screen and (prefers-color-scheme:dark){:root{--ink:#eee;--paper:#161616;--quiet:#aaa;--line:#8a8a8a;--hair:#333}}
body{font:11pt/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem;overflow-wrap:anywhere}
header,section{position:relative;border-bottom:1px solid var(--line);padding-bottom:1rem;margin-bottom:1.5rem}
header p,section>h2{padding-right:4.5rem}
h1{font-size:1.6rem;margin:0;padding-right:4.5rem}h2{font-size:1.25rem;margin:0}section>h2{min-height:2.4rem}h3{font-size:1.05rem;margin:0 0 .25rem}
small,.when,.code,footer{color:var(--quiet);font-size:.85em;font-weight:400}
.grade{position:absolute;top:0;right:0;margin:0;padding:0;min-width:1.6em;text-align:center;font-size:1.8rem;font-weight:700;border:2px solid var(--ink);border-radius:.2em}
.grade-F,.grade-D{background:var(--ink);color:var(--paper)}
article{border-left:.35rem solid var(--line);padding-left:.8rem;margin:1rem 0;break-inside:avoid}
article.critical{border-color:var(--ink)}article.high{border-color:var(--quiet)}article.accepted{border-left-style:dotted}
p.accepted{font-style:italic}table{border-collapse:collapse;width:100%;font-size:.9em}
th,td{border-top:1px solid var(--hair);padding:.25rem .75rem .25rem 0;vertical-align:top;text-align:left;font-weight:400}tr{break-inside:avoid}
thead th,caption{color:var(--quiet);text-align:left}tbody th,td:nth-child(2){white-space:nowrap}caption{padding:.5rem 0}
.grade .said{position:absolute;top:0;right:0;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media screen and (max-width:30rem){tbody th,td:nth-child(2){white-space:normal}th,td:nth-child(2){overflow-wrap:break-word}}
@media print{main{padding:0;max-width:none}}
`.trim();

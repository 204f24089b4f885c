/** For paper first; no sign of it is by colour alone. */
export const reportStyle = `
body{font:11pt/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem}
header,section{position:relative;border-bottom:1px solid #999;padding-bottom:1rem;margin-bottom:1.5rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.25rem;margin:0}h3{font-size:1.05rem;margin:0 0 .25rem}
small,.when,.code,footer{color:#555;font-size:.85em;font-weight:400}
.grade{position:absolute;top:0;right:0;margin:0;min-width:1.6em;text-align:center;font-size:1.8rem;font-weight:700;border:2px solid #1a1a1a;border-radius:.2em}
.grade-F,.grade-D{background:#1a1a1a;color:#fff}
article{border-left:.35rem solid #999;padding-left:.8rem;margin:1rem 0;break-inside:avoid}
article.critical{border-color:#1a1a1a}article.high{border-color:#555}article.accepted{border-left-style:dotted}
.accepted{font-style:italic}table{border-collapse:collapse;width:100%;font-size:.9em}
td{border-top:1px solid #ddd;padding:.25rem .5rem .25rem 0;vertical-align:top}tr{break-inside:avoid}
@media print{main{padding:0;max-width:none}}
`.trim();

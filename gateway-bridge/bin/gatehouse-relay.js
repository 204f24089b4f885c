#!/usr/bin/env node
// npm links a command when it installs, which in a checkout is before anything was built: so the command is a file that is always there.
import { existsSync } from "node:fs";
import { URL } from "node:url";

const main = new URL("../dist/relay-main.js", import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error("gatehouse-relay: it has not been built yet.\nRun `npm run build` once.");
  process.exitCode = 1;
}

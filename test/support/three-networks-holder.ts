/** Opens networks with something that runs in them, tells all of their processes, and never ends by itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";

import { descendants } from "./descendants.ts";
import { ThreeNetworks } from "./three-networks.ts";

const networks = await ThreeNetworks.open();
const [program, ...args] = [...networks.home.within, "sh", "-c", "echo ready && exec sleep infinity"];
const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
await once(child.stdout, "data");
console.log(JSON.stringify(await descendants("cat", "sleep", "miniupnpd")));
setInterval(() => undefined, 60_000);

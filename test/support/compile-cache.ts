import { join } from "node:path";

import { root } from "./repository.ts";

/** For the environment of programs that run this checkout's source: Node keeps there what it compiled, so that most of a start is spared. */
export const compileCache = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled") } as const;

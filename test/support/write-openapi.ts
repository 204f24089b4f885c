/** Writes the description of the API anew: `npm run openapi`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { openApiFile, openApiText } from "./openapi.ts";
import { root } from "./repository.ts";

writeFileSync(join(root, openApiFile), openApiText());

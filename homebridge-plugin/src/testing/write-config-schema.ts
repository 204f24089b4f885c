import { writeFileSync } from "node:fs";

import { configSchema } from "../config-schema.ts";

// `npm run schema`: makes config.schema.json anew from the code.
const file = new URL("../../config.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(configSchema(), null, 2)}\n`);

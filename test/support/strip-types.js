import { stripTypeScriptTypes } from "node:module";

/** Jest's transformer: the same type stripping that Node itself applies, so tests run what production runs. */
export default {
  process: (source, file) => ({ code: file.endsWith(".ts") ? stripTypeScriptTypes(source) : source }),
};

import * as contract from "@gatehouse/shared";

import type { Handlers } from "../api/handlers.ts";
import { version } from "../version.ts";

/** The description of all routes, made when it is first asked for. */
export const openApiHandlers = (): Pick<Handlers, "openApi"> => {
  let made: contract.OpenApi | undefined;
  return {
    openApi: async () => (made ??= contract.openApiOf({ routes: contract.routes, exports: contract, version })),
  };
};

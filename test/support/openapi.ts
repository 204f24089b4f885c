import * as contract from "@gatehouse/shared";

import { version } from "../../gateway-bridge/src/version.ts";

/** Where the description of the API is kept, from the checkout. */
export const openApiFile = "shared/openapi.json";

/** What that file must hold. */
export const openApiText = (): string =>
  `${JSON.stringify(contract.openApiOf({ routes: contract.routes, exports: contract, version }), null, 2)}\n`;

import { z } from "zod";

import { nothing, route, type Route } from "./route.ts";
import { Trust } from "./trust.ts";

/** How browsers come to know the gateway. The files hold a public certificate, which whoever connects may have. */
export const trustRoutes = {
  trust: route({ method: "GET", path: "/v1/trust", access: { on: "gateway", action: "admin" }, response: Trust }),
  /** Puts what the DNS provider knows the gateway by into the vault, and has the certificate tried for anew. */
  setDnsToken: route({
    method: "PUT",
    path: "/v1/trust/dns-token",
    access: { on: "gateway", action: "admin" },
    browsers: false,
    body: z.strictObject({
      token: z
        .string()
        .min(1)
        .max(512)
        .regex(/^[\x21-\x7e]+$/, "printable ASCII without blanks"),
    }),
    response: nothing,
  }),
  /** PEM. */
  trustPem: route({ method: "GET", path: "/trust/ca.pem", access: { on: "anybody" }, response: "file" }),
  /** DER, as Android and Windows install it. */
  trustDer: route({ method: "GET", path: "/trust/ca.crt", access: { on: "anybody" }, response: "file" }),
  /** As Apple's devices install it. */
  trustProfile: route({ method: "GET", path: "/trust/ca.mobileconfig", access: { on: "anybody" }, response: "file" }),
} satisfies Record<string, Route>;

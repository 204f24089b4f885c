import { route, type Route } from "./route.ts";
import { Trust } from "./trust.ts";

/** How browsers come to know the gateway. The files hold a public certificate, which whoever connects may have. */
export const trustRoutes = {
  trust: route({ method: "GET", path: "/v1/trust", access: { on: "gateway", action: "admin" }, response: Trust }),
  /** PEM. */
  trustPem: route({ method: "GET", path: "/trust/ca.pem", access: { on: "anybody" }, response: "file" }),
  /** DER, as Android and Windows install it. */
  trustDer: route({ method: "GET", path: "/trust/ca.crt", access: { on: "anybody" }, response: "file" }),
  /** As Apple's devices install it. */
  trustProfile: route({ method: "GET", path: "/trust/ca.mobileconfig", access: { on: "anybody" }, response: "file" }),
} satisfies Record<string, Route>;

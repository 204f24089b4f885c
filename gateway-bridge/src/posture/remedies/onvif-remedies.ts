import type { Remedy } from "../remedy.ts";
import { clockSet } from "./clock-set.ts";
import { ddnsOff } from "./ddns-off.ts";
import { discoveryOff } from "./discovery-off.ts";
import { egressOff } from "./egress-off.ts";
import { hashingSha256 } from "./hashing-sha256.ts";
import { httpOff } from "./http-off.ts";
import { ipFilter } from "./ip-filter.ts";
import { ipv6Off } from "./ipv6-off.ts";
import { passwordPolicy } from "./password-policy.ts";
import { repin } from "./repin.ts";
import { rtspsOn } from "./rtsps-on.ts";
import { tlsHarden } from "./tls-harden.ts";
import { tlsOn } from "./tls-on.ts";

/** What any camera with ONVIF may be told, apart from its accounts and its firmware. */
export const onvifRemedies: readonly Remedy[] = [
  tlsOn,
  tlsHarden,
  repin,
  rtspsOn,
  hashingSha256,
  ddnsOff,
  clockSet,
  passwordPolicy,
  ipv6Off,
  egressOff,
  httpOff,
  discoveryOff,
  ipFilter,
];

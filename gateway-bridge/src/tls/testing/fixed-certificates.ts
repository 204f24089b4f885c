import type { ServerCertificate, ServerCertificates } from "../../ports.ts";

/** One certificate for everybody that never changes. */
export const fixedCertificates = (pinned: ServerCertificate): ServerCertificates => ({
  pinned,
  named: undefined,
  onChanged: () => ({ [Symbol.dispose]: () => undefined }),
});

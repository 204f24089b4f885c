import type { FirstRun } from "../access/people/first-run.ts";
import type { Handlers } from "../api/handlers.ts";
import { passkeySite } from "../domain/passkey-site-policy.ts";
import type { Door } from "../door.ts";
import { canonicalOrigin, type OriginParts } from "./canonical-origin.ts";

interface DoorParts extends OriginParts, Pick<Door, "certificates" | "names"> {
  readonly name: string;
  readonly firstRun: Pick<FirstRun, "done">;
}

/** What a browser is told before anybody is known. */
export const doorHandlers = (parts: DoorParts): Pick<Handlers, "doorState"> => ({
  doorState: async ({ browser }) => {
    const { name, firstRun, certificates, names } = parts;
    const { fingerprint, certificates: shown } = certificates.trust;
    // One that is not the home's is good for the canonical name, and comes last.
    const kind = shown.at(-1)?.kind ?? "home";
    return {
      name,
      firstRun: !firstRun.done,
      passkeys: passkeySite(browser.authority, names) !== undefined,
      canonical: canonicalOrigin(parts),
      trust: { kind, fingerprint },
    };
  },
});

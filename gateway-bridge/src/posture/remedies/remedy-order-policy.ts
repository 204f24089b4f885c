import type { CheckId, Finding, RemedyId } from "@gatehouse/shared";

/**
 * In which order a camera is made safe: each step stands on those before it, and nothing is shut that a later one needs. First who the camera belongs
 * to, and its clock, by which logins and certificates are judged. The account for pictures before passwords change, so that pictures are not
 * fetched by what may change everything. Encryption before what travels in it. The camera's own UPnP before the router's forwardings, which it would
 * only ask for again. HTTP last of all doors, and silence when devices call at the very end. Each step keeps what was there before it.
 */
const order = [
  "initialise",
  "clock-set",
  "streaming-user",
  "rotate-password",
  "remove-users",
  "password-policy",
  "tls-on",
  "tls-harden",
  "rtsp-login",
  "onvif-login",
  "hashing-sha256",
  "replay-protection",
  "rtsps-on",
  "upnp-off",
  "p2p-off",
  "ddns-off",
  "push-off",
  "auto-update-on",
  "mapping-delete",
  "telnet-off",
  "ftp-off",
  "ssh-off",
  "ipv6-off",
  "http-off",
  "discovery-off",
] as const satisfies readonly RemedyId[];

/** What shuts doors: done when nothing else is left to do, because some weaknesses show only once others are mended. */
const closing: readonly RemedyId[] = ["http-off", "discovery-off"];
export const isClosing = ({ remedy }: Pick<PlannedRemedy, "remedy">): boolean => closing.includes(remedy);

/** What a person decides on by itself, never among others. */
const byThemselves: Readonly<Record<Exclude<RemedyId, (typeof order)[number]>, string>> = {
  repin: "a person compares the key first",
  "firmware-install": "it needs a file of the camera's maker",
  "egress-off": "the camera's app no longer works away from home, and it may need another address",
  "ip-filter": "no phone or computer at home reaches the camera any more",
};

/** A remedy that is wanted, and for which weaknesses. */
export interface PlannedRemedy {
  readonly remedy: RemedyId;
  /** Whether it is spoken in the maker's own words. */
  readonly vendor: boolean;
  readonly checks: readonly CheckId[];
}

export interface RemedyPlan {
  /** In this order. */
  readonly steps: readonly PlannedRemedy[];
  /** What could be done, and is left out, with the reason. */
  readonly left: readonly (PlannedRemedy & { readonly why: string })[];
}

/**
 * What to do about all of a camera's weaknesses that the gateway can mend.
 * @param vendor whether the owner wants makers' own words, which are unproven
 */
export const planRemedies = (
  findings: readonly Pick<Finding, "check" | "status" | "remedies">[],
  { vendor }: { readonly vendor: boolean },
): RemedyPlan => {
  const wanted = new Map<RemedyId, PlannedRemedy>();
  for (const { check, status, remedies } of findings) {
    // What was accepted is lived with, and what is behind something else may not be there.
    if (status !== "failed") continue;
    for (const { remedy, plane } of remedies) {
      const before = wanted.get(remedy);
      const inOther = plane === "vendor" && before?.vendor !== false;
      wanted.set(remedy, { remedy, vendor: inOther, checks: [...(before?.checks ?? []), check] });
    }
  }
  const all = [...wanted.values()];
  const steps = order.flatMap((id) => all.filter(({ remedy, vendor: unproven }) => remedy === id && (vendor || !unproven))); // prettier-ignore
  const left = all.filter((one) => !steps.includes(one)).map((one) => ({ ...one, why: whyLeft(one.remedy) }));
  return { steps, left };
};

const whyLeft = (remedy: RemedyId): string =>
  Object.hasOwn(byThemselves, remedy)
    ? byThemselves[remedy as keyof typeof byThemselves]
    : "only its maker's own words can do it, and they are unproven";

import {
  GatehouseError,
  onAbort,
  pair,
  type Cancellable,
  type Clock,
  type Identity,
  type Secret,
} from "@gatehouse/shared";

import {
  loadSealedIdentity,
  reserveSealedIdentity,
  saveSealedIdentity,
  type SealedIdentity,
} from "./sealed-identity.ts";

export interface IdentifyOptions {
  /** Undefined until the user pasted a pairing string. */
  readonly identity: SealedIdentity | undefined;
  readonly clock: Clock;
}

/** How long a pairing may go on after its owner was told to close: well within the 15 s that Node-RED grants. */
const graceMs = 5_000;

/**
 * The stored identity, or a new one for a pairing string that was not used yet.
 * @throws GatehouseError what `pair` throws, or `internal` when the new identity could not be kept
 */
export const identify = async ({ identity, clock }: IdentifyOptions, cancel: Cancellable): Promise<Identity> => {
  if (identity === undefined) {
    throw new GatehouseError("unauthenticated", "This gateway node is not paired yet.", {
      remedy: "Run `gatehouse pair --for node-red`, paste the pairing string into the node and deploy.",
    });
  }
  const known = await loadSealedIdentity(identity);
  if (known !== undefined) return known;
  // A string works once: what would keep its identity from being stored must come up before it is spent.
  const privateKey = await reserveSealedIdentity(identity);
  const paired = await pairUndisturbed({ pairingString: identity.pairingString, privateKey }, clock, cancel);
  await saveSealedIdentity(identity, paired);
  return paired;
};

/** Pairs. A string is spent once the gateway has read it, so a redeployment in that moment waits for the answer. */
const pairUndisturbed = async (
  { pairingString, privateKey }: { readonly pairingString: Secret; readonly privateKey: string },
  clock: Clock,
  { signal }: Cancellable,
): Promise<Identity> => {
  signal.throwIfAborted();
  const grace = new AbortController();
  let timer: Disposable | undefined;
  const closing = onAbort(signal, (reason) => {
    timer = clock.schedule(graceMs, () => grace.abort(reason));
  });
  try {
    const ticket = { pairingString: pairingString.reveal(), privateKey };
    return await pair({ ...ticket, kind: "node-red", clock }, { signal: grace.signal });
  } finally {
    closing[Symbol.dispose]();
    timer?.[Symbol.dispose]();
  }
};

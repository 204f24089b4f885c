import type { FromGateway, Thumbprint } from "@gatehouse/shared";

/** Whom a gateway admits: in memory alone, and no longer than its tunnel stands. */
export interface AdmissionSet {
  readonly epoch: number;
  /** Begins each nonce, base64url. */
  readonly salt: string;
  readonly devices: ReadonlySet<Thumbprint>;
}

export const admissionSetOf = ({ epoch, salt, devices }: Extract<FromGateway, { kind: "admit" }>): AdmissionSet => ({
  epoch,
  salt,
  devices: new Set(devices),
});

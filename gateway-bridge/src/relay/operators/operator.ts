import { Name, SpkiPin, Time } from "@gatehouse/shared";
import { z } from "zod";

/** Who works at a relay. It is nobody of any home. */
export const OperatorId = z
  .string()
  .regex(/^op-[a-z2-7]{16}$/, "an id such as op-abcdefghijklmnop")
  .brand("OperatorId");
export type OperatorId = z.infer<typeof OperatorId>;

/** Auditors look at everything that operators look at, and change nothing. */
export const OperatorRole = z.enum(["operator", "auditor"]);
export type OperatorRole = z.infer<typeof OperatorRole>;

export const Operator = z.strictObject({
  id: OperatorId,
  name: Name,
  role: OperatorRole,
  /** Of the key in the operator's own file. */
  pin: SpkiPin,
  added: Time,
  /** When it signed in last; null for never. */
  signedIn: Time.nullable(),
});
export type Operator = z.infer<typeof Operator>;

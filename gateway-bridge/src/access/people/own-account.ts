import { GatehouseError, type Clock, type PrincipalId } from "@gatehouse/shared";

import { mayChangeFactors, type LiveLogin } from "../../domain/login-policy.ts";
import { stepUpNeeded } from "./enrolment-refusals.ts";
import type { Account, People } from "./people.ts";

/** @throws GatehouseError `not-found` where the person was removed meanwhile */
export const ownAccount = (people: Pick<People, "get">, principal: PrincipalId): Account => {
  const account = people.get(principal);
  if (account === undefined) throw new GatehouseError("not-found", "this person is not here any more");
  return account;
};

/**
 * The account of who may change now what they sign in with.
 * @throws GatehouseError `step-up-required`, `not-found`
 */
export const changeableAccount = (
  { people, clock }: { readonly people: Pick<People, "get" | "factorsOf">; readonly clock: Pick<Clock, "now"> },
  login: LiveLogin,
): Account => {
  const account = ownAccount(people, login.principal);
  if (!mayChangeFactors(login, people.factorsOf(account), clock.now())) throw stepUpNeeded();
  return account;
};

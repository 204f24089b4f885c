import { Secret } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { loginChange } from "./login-commit-policy.ts";

const login = (username: string, password = "old") => ({ username, password: Secret.of(password) });
const [admin, viewer] = [login("admin"), login("viewer")];

describe("a login that is committed", () => {
  it("is another password of the account that was used for everything", () => {
    const pending = login("admin", "new");
    expect(loginChange({ watching: admin, management: admin }, pending)).toEqual({ watching: pending });
  });

  it("is another password of the account for settings, and leaves the one for watching", () => {
    const pending = login("admin", "new");
    expect(loginChange({ watching: viewer, management: admin }, pending)).toEqual({ management: pending });
  });

  it("is for watching where the account is new, and the one before is for settings", () => {
    const pending = login("viewer", "new");
    const change = loginChange({ watching: admin, management: admin }, pending);
    expect(change).toEqual({ watching: pending, management: admin });
  });

  it("is the first where there was none", () => {
    expect(loginChange({ watching: undefined, management: undefined }, admin)).toEqual({ watching: admin });
  });

  it("is the only one, or the one for settings, where it is meant to be", () => {
    const logins = { watching: viewer, management: viewer };
    expect(loginChange(logins, admin, "everything")).toEqual({ watching: admin, management: null });
    expect(loginChange(logins, admin, "settings")).toEqual({ management: admin });
  });
});

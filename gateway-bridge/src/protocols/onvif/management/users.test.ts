import { Secret } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { findAll, textAt } from "../../xml/xml-element.ts";
import { outline, ScriptedCaller } from "./testing/scripted-caller.ts";
import { createUser, deleteUser, getUsers, setUser } from "./users.ts";

const cancel = { signal: new AbortController().signal };

describe("users of a camera", () => {
  it("have names and levels exactly as it wrote them", async () => {
    const onvif = new ScriptedCaller({
      GetUsers: `<User><Username>1.50</Username><UserLevel>Administrator</UserLevel></User>
        <User><Username>00a&amp;b</Username><UserLevel>Vendor&lt;X&gt;</UserLevel></User><User><Username/></User>`,
    });
    expect(await getUsers(onvif, cancel)).toEqual([
      { username: "1.50", level: "Administrator" },
      { username: "00a&b", level: "Vendor<X>" },
      { username: "", level: "" },
    ]);
  });

  it("are written so that no name and no password can say anything else", async () => {
    const onvif = new ScriptedCaller({ CreateUsers: "", SetUser: "", DeleteUsers: "" });
    const hostile = `x</Password><UserLevel>Administrator</UserLevel><!-- & ' " ]]> é😀`;
    const user = { username: hostile, password: Secret.of(hostile), level: "User" };
    await createUser(onvif, user, cancel);
    await setUser(onvif, user, cancel);
    await deleteUser(onvif, hostile, cancel);
    for (const { body } of onvif.asked.slice(0, 2)) {
      expect(findAll(body, "User")).toHaveLength(1);
      expect(textAt(body, "User", "Username")).toBe(hostile);
      expect(textAt(body, "User", "Password")).toBe(hostile);
      expect(textAt(body, "User", "UserLevel")).toBe("User");
    }
    expect(textAt(onvif.asked[2]?.body, "Username")).toBe(hostile);
  });

  it("keep their password where none is given", async () => {
    const onvif = new ScriptedCaller({ SetUser: "" });
    await setUser(onvif, { username: "a", password: undefined, level: "Operator" }, cancel);
    expect(onvif.asked.map(({ body }) => outline(body))).toEqual(["SetUser(User(Username=a UserLevel=Operator))"]);
  });

  it.each(["a\u0000b", "a\u001fb", "a\ud800b"])(
    "are not told a password that XML would change: %j",
    async (password) => {
      const onvif = new ScriptedCaller({ SetUser: "" });
      const change = { username: "a", password: Secret.of(password), level: "User" };
      await expect(setUser(onvif, change, cancel)).rejects.toMatchObject({ code: "request-invalid" });
      expect(onvif.asked).toEqual([]);
    },
  );
});

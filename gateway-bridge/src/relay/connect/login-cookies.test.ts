import { describe, expect, it } from "@jest/globals";

import { LoginCookies } from "./login-cookies.ts";

const value = (letter: string): string => letter.repeat(43);
const attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";

describe("LoginCookies", () => {
  it("keeps the gateway's two cookies, and no other", () => {
    const cookies = new LoginCookies();
    expect([cookies.login, cookies.header]).toEqual([undefined, undefined]);
    cookies.note([
      `__Host-gatehouse=${value("a")}; ${attributes}`,
      `__Host-gatehouse-device=${value("b")}; ${attributes}; Max-Age=5`,
      `other=${value("c")}`,
      `__Host-gatehouse-x=${value("d")}`,
    ]);
    expect(cookies.login?.reveal()).toBe(value("a"));
    expect(cookies.header?.reveal()).toBe(`__Host-gatehouse=${value("a")}; __Host-gatehouse-device=${value("b")}`);
    expect(JSON.stringify(cookies.header)).toBe('"[secret]"');
  });

  it("takes a new one over, and lets go of one that is taken away", () => {
    const cookies = new LoginCookies();
    cookies.note([`__Host-gatehouse=${value("a")}`]);
    cookies.note([`__Host-gatehouse=${value("b")}; ${attributes}`]);
    expect(cookies.login?.reveal()).toBe(value("b"));
    cookies.note([`__Host-gatehouse=; ${attributes}; Max-Age=0`]);
    expect(cookies.login).toBeUndefined();
  });

  it.each(["x", `${value("a")}a`, `a b${value("c").slice(3)}`])(
    "takes nothing that is no cookie of ours: %s",
    (wrong) => {
      const cookies = new LoginCookies();
      cookies.note([`__Host-gatehouse=${wrong}`]);
      expect(cookies.login).toBeUndefined();
    },
  );

  it("forgets the login, and stays known", () => {
    const cookies = new LoginCookies();
    cookies.note([`__Host-gatehouse=${value("a")}`, `__Host-gatehouse-device=${value("b")}`]);
    cookies.forgetLogin();
    expect(cookies.login).toBeUndefined();
    expect(cookies.header?.reveal()).toBe(`__Host-gatehouse-device=${value("b")}`);
  });
});

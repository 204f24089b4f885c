import type { ApplicationCredential } from "@gatehouse/shared";

import { Asker, pinOf, type AskedGateway } from "./asker.ts";

export type { Answer, Question } from "./asker.ts";

type Login = Pick<ApplicationCredential, "username" | "password">;

/** An application that knows its gateway's key and logs in with a name and a password. */
export class ApplicationClient extends Asker {
  readonly authorization: string;

  private constructor(gateway: AskedGateway, pin: string, { username, password }: Login) {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    super(gateway, pin, { headers: { authorization } });
    this.authorization = authorization;
  }

  static async of(gateway: AskedGateway, login: Login): Promise<ApplicationClient> {
    return new ApplicationClient(gateway, await pinOf(gateway), login);
  }
}

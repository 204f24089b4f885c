import type { CameraId } from "@gatehouse/shared";
import { createHmac, randomBytes } from "node:crypto";

import type { Credentials } from "../domain/camera.ts";
import type { SecretStore } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";

const migrations: Migrations = {
  name: "drawn-logins",
  steps: ["CREATE TABLE drawn_logins (mark BLOB PRIMARY KEY) STRICT, WITHOUT ROWID"],
};

const keyName = "posture/secret-marks";

/**
 * Which of the cameras' passwords the gateway drew itself, and which are the same. Passwords are compared by a keyed hash whose key is in the
 * vault, so that the database alone tells nothing of them.
 */
export class DrawnLogins {
  readonly #database: Database;
  readonly #key: Buffer;

  private constructor(database: Database, key: Buffer) {
    this.#database = database;
    this.#key = key;
  }

  static open({ database, secrets }: { readonly database: Database; readonly secrets: SecretStore }): DrawnLogins {
    database.migrate(migrations);
    const kept = secrets.get(keyName);
    if (kept !== undefined) return new DrawnLogins(database, kept);
    const key = randomBytes(32);
    secrets.put(keyName, key);
    return new DrawnLogins(database, key);
  }

  /** Within the transaction by which the login comes into use. */
  note(login: Credentials): void {
    this.#database.sql.prepare("INSERT INTO drawn_logins VALUES (?) ON CONFLICT DO NOTHING").run(this.#mark(login));
  }

  isDrawn(login: Credentials): boolean {
    return this.#database.sql.prepare("SELECT 1 FROM drawn_logins WHERE mark = ?").get(this.#mark(login)) !== undefined;
  }

  /** Cameras that have the same password, two by two; the cameras of one device have it in common anyway. */
  same(
    logins: ReadonlyMap<CameraId, Credentials>,
    device: (camera: CameraId) => string | undefined,
  ): readonly (readonly CameraId[])[] {
    const groups = Map.groupBy(logins, ([, login]) => this.#mark(login).toString("hex")).values();
    return [...groups].flatMap((group) =>
      group.flatMap(([one], at) =>
        group.slice(at + 1).flatMap(([other]) => (device(one) === device(other) ? [] : [[one, other]])),
      ),
    );
  }

  /** Of the password alone: whose it is makes no other of it. */
  #mark({ password }: Credentials): Buffer {
    return createHmac("sha256", this.#key).update(password.reveal()).digest();
  }
}

import type { CameraIdentity, Vendor } from "../probe/probed-camera.ts";

/** A login that cameras leave the factory with. */
export interface DefaultLogin {
  readonly username: string;
  /** Public, so no secret; empty where the maker sets none. */
  readonly password: string;
}

interface DefaultLoginRow {
  /** In the manufacturer's own name, where the vendor alone does not tell. */
  readonly manufacturer?: RegExp;
  readonly vendor?: Vendor;
  /** The best known first. */
  readonly logins: readonly DefaultLogin[];
  readonly source: string;
}

const cheatSheet = "https://github.com/ihebski/DefaultCreds-cheat-sheet";
const nmap = "https://github.com/nmap/nmap/blob/master/nselib/data/http-default-accounts-fingerprints.lua";
const app = "The owner makes the account in the maker's app";

/**
 * What is tried, because each wrong password brings a camera nearer to locking its owner out: the one password of the maker's built-in
 * account. Never a list of passwords, and no second one of a maker that used two (Samsung's 1111111): an account takes two wrong ones in 35
 * minutes, and the other is for the empty one.
 */
const rows: readonly DefaultLoginRow[] = [
  { vendor: "hikvision", logins: [{ username: "admin", password: "12345" }], source: cheatSheet },
  { vendor: "dahua", logins: [{ username: "admin", password: "admin" }], source: cheatSheet },
  { vendor: "reolink", logins: [{ username: "admin", password: "" }], source: cheatSheet },
  { vendor: "axis", logins: [{ username: "root", password: "pass" }], source: cheatSheet },
  { vendor: "foscam", logins: [{ username: "admin", password: "" }], source: cheatSheet },
  { vendor: "tapo", logins: [], source: app },
  { vendor: "wyze", logins: [], source: app },
  { manufacturer: /hanwha|samsung|wisenet/i, logins: [{ username: "admin", password: "4321" }], source: cheatSheet },
  { manufacturer: /mobotix/i, logins: [{ username: "admin", password: "meinsm" }], source: cheatSheet },
  { manufacturer: /vivotek/i, logins: [{ username: "root", password: "" }], source: cheatSheet },
  { manufacturer: /panasonic|i-pro/i, logins: [{ username: "admin", password: "12345" }], source: nmap },
];

/** What makers without a name use, and those who copy them. */
const unknownMaker: readonly DefaultLogin[] = [{ username: "admin", password: "admin" }];

/** What the maker of this camera sets; a guess at the commonest where the maker is not known. Empty where it sets none. */
export const defaultLogins = ({
  vendor,
  manufacturer,
}: Pick<CameraIdentity, "vendor" | "manufacturer">): readonly DefaultLogin[] =>
  rows.find((row) => (row.manufacturer === undefined ? row.vendor === vendor : row.manufacturer.test(manufacturer)))
    ?.logins ?? unknownMaker;

/** The accounts that a camera of this maker is born with: they are the owner's, and nobody's extra. */
export const builtInAccounts = (identity: Pick<CameraIdentity, "vendor" | "manufacturer">): readonly string[] =>
  [...new Set([...defaultLogins(identity).map(({ username }) => username), "admin", "root"])]; // prettier-ignore

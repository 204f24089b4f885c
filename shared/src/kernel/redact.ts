/**
 * The URL without user, password, query and fragment, fit for logs and people; `[url]` if it is none.
 * Parts of the path that hold a `=` are left out too: some cameras take their login there (`/user=admin_password=…`).
 */
export const redactUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Without a host it was no URL that we know: `admin:secret@camera` parses, with the secret as its path.
  if (url === undefined || url.host === "") return "[url]";
  // A `/`, `?` or `#` in a password ends the host too early and leaves its `@` behind.
  if (`${url.pathname}${url.search}${url.hash}`.includes("@")) return "[url]";
  const path = url.pathname.split("/").map((part) => (/[=;]|%3[bd]/i.test(part) ? "[hidden]" : part));
  return `${url.protocol}//${url.host}${path.join("/")}`;
};

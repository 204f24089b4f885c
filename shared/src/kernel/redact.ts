/** The URL without user, password, query and fragment, fit for logs and people; `[url]` if it is none. */
export const redactUrl = (text: string): string => {
  if (!URL.canParse(text)) return "[url]";
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
};

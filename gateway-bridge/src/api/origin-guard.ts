export interface OriginQuestion {
  /** The Origin header. Several come joined, and are then no origin at all. */
  readonly origin: string | undefined;
  /** The Sec-Fetch-Site header, which every browser of today sends, and no page can change. */
  readonly site: string | undefined;
}

/** A page of our own, and what a person typed, scanned or opened from the bookmarks. Other ports of this host are others. */
const ownSites: ReadonlySet<string> = new Set(["same-origin", "none"]);

/**
 * Whether a request may go on at all, by the page that made a browser send it: programs name none, and of pages only our own
 * are heard. Nothing that others may read is ever said of it, so no answer has a CORS header.
 * @param own the origin that this request was sent to
 */
export const judgeOrigin = ({ origin, site }: OriginQuestion, own: string | undefined): "allowed" | "foreign" => {
  if (origin !== undefined && origin !== own) return "foreign";
  return site === undefined || ownSites.has(site) ? "allowed" : "foreign";
};

/**
 * Whether somebody follows a link, from wherever it was: a browser then shows what it is given alone, in a window of which the page with
 * the link learns nothing. Good for pages, which hold nothing and do nothing by being opened.
 */
export const isFollowedLink = ({
  mode,
  dest,
}: {
  readonly mode: string | undefined;
  readonly dest: string | undefined;
}): boolean => mode === "navigate" && dest === "document";

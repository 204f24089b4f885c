/** What a camera answered to a password. */
export interface LoginAnswer {
  /** HTTP's or RTSP's; undefined where only words came. */
  readonly status?: number | undefined;
  readonly words: string;
}

/**
 * Whether a camera lets on that it has locked an account, or is about to. 403 after a login that 401 asked for is how web servers of cameras
 * say it; ISAPI (Hikvision) answers 401 with `lockStatus` and `retryLoginTime`, the tries that are left; others say it in words.
 */
export const hintsAtLock = ({ status, words }: LoginAnswer): boolean => {
  if (status === 403 || status === 423 || status === 429) return true;
  if (/\block(?:ed|out|ing)\b|too many|try again later|temporarily (?:blocked|disabled)/i.test(words)) return true;
  if (/lockStatus\W{0,4}(?:>|:)?\W{0,3}lock\b/i.test(words)) return true;
  const [, left] = /retryLoginTime"?\s*[>:]\s*"?(\d{1,4})/i.exec(words) ?? [];
  return left !== undefined && Number(left) <= 2;
};

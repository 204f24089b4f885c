/** Whether one version of Gatehouse (`1.2.3`) is newer than another. */
export const isNewer = (one: string, other: string): boolean => {
  const [a, b] = [one, other].map((version) => version.split(".").map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
};

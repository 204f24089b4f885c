/** Cameras choose some of the texts that are shown, and none may steer the terminal: control characters become `?`, line ends stay. */
export const plainText = (text: string): string => text.replace(/(?!\n)\p{C}/gu, "?");

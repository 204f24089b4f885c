import type { Admission } from "../login-door.ts";

export interface VendorRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: string;
}

export interface VendorAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A vendor's own web interface, behind the login of its web pages. */
export interface VendorDesk {
  knows(method: string, url: string): boolean;
  /** Answers strangers, too. */
  isOpen(method: string, url: string): boolean;
  answer(request: VendorRequest): Promise<VendorAnswer>;
  /** What a refusal says in its body. */
  refusal(
    admission: Exclude<Admission, { readonly kind: "admitted" }>,
  ): Pick<VendorAnswer, "type" | "body"> | undefined;
}

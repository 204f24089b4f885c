import type { NewNotice, NoticeBoard } from "../../ports.ts";

/** Keeps what was raised and taken back, for tests. */
export class MemoryNotices implements NoticeBoard {
  readonly raised: NewNotice[] = [];
  /** `kind` or `kind subject`. */
  readonly withdrawn: string[] = [];

  raise(notice: NewNotice): void {
    this.raised.push(notice);
  }

  withdraw(kind: NewNotice["kind"], subject?: string): void {
    this.withdrawn.push(subject === undefined ? kind : `${kind} ${subject}`);
  }
}

/** So many places for each holder. Whoever has taken all of its own leaves those of others alone. */
export class Places<Holder> {
  readonly #each: number;
  readonly #taken = new Map<Holder, number>();

  constructor(each: number) {
    this.#each = each;
  }

  /** A place, until it is disposed of; undefined where the holder has as many as it may. */
  take(holder: Holder): Disposable | undefined {
    const taken = this.#taken.get(holder) ?? 0;
    if (taken >= this.#each) return undefined;
    this.#taken.set(holder, taken + 1);
    const place = new DisposableStack();
    place.defer(() => this.#giveBack(holder));
    return place;
  }

  #giveBack(holder: Holder): void {
    const left = (this.#taken.get(holder) ?? 1) - 1;
    // A holder without places is forgotten, or strangers' addresses would gather here.
    if (left === 0) this.#taken.delete(holder);
    else this.#taken.set(holder, left);
  }
}

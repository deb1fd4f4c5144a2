import type { FrontendChange } from "./claims.ts";
import { partsOf, type Element, type Parts } from "./parts.ts";
import { makingOf, removalOf, type Fixture } from "./fixtures.ts";
import { emptyTable, tableName, type TableOptions } from "./table.ts";

const none: Parts = { elements: [], fixtures: [] };

interface Held {
  readonly element: Element;
  /** How many frontends put it there: backends on this node are shared by all services that they answer for. */
  count: number;
}

/** What is in the table, or will be once the transactions that were asked for have run. */
export class Rules {
  readonly #elements = new Map<string, Held>();
  readonly #fixtures = new Map<string, { readonly fixture: Fixture; count: number }>();

  /** Takes the changes in, and gives the transaction that makes them in the kernel; empty if it has nothing to do. */
  change(changes: Iterable<FrontendChange>): string {
    const parts = [...changes].map(({ before, after }) => ({
      gone: before === undefined ? none : partsOf(before),
      come: after === undefined ? none : partsOf(after),
    }));
    const made: Fixture[] = [];
    const idle: Fixture[] = [];
    // What comes is counted before what goes, so that a fixture in both stays; for elements it is the other way round,
    // for what comes under a key may differ from what goes.
    for (const { come } of parts) for (const fixture of come.fixtures) this.#useFixture(fixture, made);
    for (const { gone } of parts) for (const fixture of gone.fixtures) this.#dropFixture(fixture, idle);
    const touched = new Map<string, Element | undefined>();
    for (const { gone } of parts) for (const element of gone.elements) this.#drop(element, touched);
    for (const { come } of parts) for (const element of come.elements) this.#use(element, touched);
    return this.#transaction(touched, made, idle);
  }

  /** The transaction that makes the whole table anew, whatever is there; connections that run are not disturbed. */
  everything(options: TableOptions, further: Iterable<Element> = []): string {
    const lines = [`add table ${tableName}`, `delete table ${tableName}`, emptyTable(options)];
    for (const { fixture } of this.#fixtures.values()) lines.push(...makingOf(fixture));
    lines.push(...elementLines("add", [...[...this.#elements.values()].map(({ element }) => element), ...further]));
    return lines.join("\n");
  }

  /** The elements of a set or map, as key and value. */
  *elements(into: string): Iterable<readonly [key: string, value: string | undefined]> {
    for (const { element } of this.#elements.values()) if (element.into === into) yield [element.key, element.value];
  }

  /** The chains beside the fixed ones, with the number of their rules. */
  *chains(): Iterable<readonly [name: string, rules: number]> {
    for (const { fixture } of this.#fixtures.values()) {
      if (fixture.kind === "chain") yield [fixture.name, fixture.content.length];
    }
  }

  #transaction(
    touched: ReadonlyMap<string, Element | undefined>,
    made: readonly Fixture[],
    idle: readonly Fixture[],
  ): string {
    const gone: Element[] = [];
    const come: Element[] = [];
    for (const [name, was] of touched) {
      const is = this.#elements.get(name)?.element;
      if (was !== undefined && is !== undefined && was.value === is.value) continue;
      if (was !== undefined) gone.push(was);
      if (is !== undefined) come.push(is);
    }
    const lines = elementLines("delete", gone);
    for (const fixture of made) lines.push(...makingOf(fixture));
    lines.push(...elementLines("add", come));
    for (const fixture of idle) lines.push(...removalOf(fixture));
    return lines.join("\n");
  }

  #use(element: Element, touched: Map<string, Element | undefined>): void {
    const name = `${element.into} ${element.key}`;
    const held = this.#elements.get(name);
    if (!touched.has(name)) touched.set(name, held?.element);
    if (held === undefined) this.#elements.set(name, { element, count: 1 });
    else held.count += 1;
  }

  #drop(element: Element, touched: Map<string, Element | undefined>): void {
    const name = `${element.into} ${element.key}`;
    const held = this.#elements.get(name);
    if (held === undefined) return;
    if (!touched.has(name)) touched.set(name, held.element);
    held.count -= 1;
    if (held.count === 0) this.#elements.delete(name);
  }

  #useFixture(fixture: Fixture, made: Fixture[]): void {
    for (const needed of fixture.needs) this.#useFixture(needed, made);
    const held = this.#fixtures.get(fixture.name);
    if (held !== undefined) {
      held.count += 1;
      return;
    }
    this.#fixtures.set(fixture.name, { fixture, count: 1 });
    made.push(fixture);
  }

  /** Dependents before what they need: so they are removed. */
  #dropFixture(fixture: Fixture, idle: Fixture[]): void {
    const held = this.#fixtures.get(fixture.name);
    if (held === undefined) return;
    held.count -= 1;
    if (held.count === 0 && fixture.removed) {
      this.#fixtures.delete(fixture.name);
      idle.push(fixture);
    }
    for (const needed of fixture.needs) this.#dropFixture(needed, idle);
  }
}

/** One command for each set or map. */
export function elementLines(verb: "add" | "delete", elements: readonly Element[]): string[] {
  const bySet = Map.groupBy(elements, (element) => element.into);
  return [...bySet].map(([into, all]) => {
    // What is deleted is named by its key alone.
    const texts = all.map(({ key, value }) => (value === undefined || verb === "delete" ? key : `${key} : ${value}`));
    return `${verb} element ${tableName} ${into} { ${texts.join(", ")} }`;
  });
}

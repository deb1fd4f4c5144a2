import { allow, hashOf, masquerade, memoryOf, pick, rememberApart, type Fixture, type Memory } from "./fixtures.ts";
import type { Backend } from "./backends.ts";
import type { Frontend, Masquerade, Target } from "./frontends.ts";

/** One element of a set or map of the table. In a set, `value` is undefined. */
export interface Element {
  readonly into: string;
  readonly key: string;
  readonly value: string | undefined;
}

/** What one frontend puts into the table. */
export interface Parts {
  readonly elements: readonly Element[];
  readonly fixtures: readonly Fixture[];
}

/** The elements, chains and maps of a frontend. Pure. */
export function partsOf(frontend: Frontend): Parts {
  const { family, key, inside, target } = frontend;
  const protocol = frontend.protocol.toLowerCase();
  const elements: Element[] = [];
  const fixtures: Fixture[] = [];

  const way = (list: "endpoints" | "inside-endpoints", to: Target, whose: Masquerade): string => {
    if (to.kind === "drop") return "drop";
    if (to.kind === "reject") return "goto refuse";
    for (const [index, backend] of to.backends.entries()) {
      elements.push({ into: `${list}${family}-${protocol}`, key: `${key} . ${index}`, value: backend });
    }
    const picked = pick(family, protocol, list, to.backends.length, [...memoriesOf(frontend, to).values()]);
    const fixture = whose === "nobody" ? picked : masquerade(family, whose, picked);
    fixtures.push(fixture);
    return `goto ${fixture.name}`;
  };

  let verdict = way("endpoints", target, frontend.masquerade);
  if (inside !== undefined) {
    const verdictInside = way("inside-endpoints", inside.target, inside.masquerade);
    elements.push(
      { into: `inside${family}`, key, value: verdictInside },
      { into: `local${family}`, key, value: verdict },
    );
    verdict = `goto local${family}`;
  }
  if (frontend.allowed !== undefined) {
    const allowed = allow(family, frontend.allowed, verdict, fixtures.slice());
    fixtures.push(allowed);
    verdict = `goto ${allowed.name}`;
  }
  elements.push({ into: `services${family}`, key, value: verdict });
  for (const address of hairpinAddresses(frontend)) {
    elements.push({ into: `hairpin${family}`, key: `${address} . ${address}`, value: undefined });
  }
  remember(frontend, elements, fixtures);
  return { elements, fixtures };
}

function remember(frontend: Frontend, elements: Element[], fixtures: Fixture[]): void {
  const { family, key, target, inside } = frontend;
  const outside = memoriesOf(frontend, target);
  const within = memoriesOf(frontend, inside?.target);
  const direct = new Set(backendsOfTarget(target));
  for (const backend of new Set([...direct, ...backendsOfTarget(inside?.target)])) {
    const port = portOf(backend);
    const memory = direct.has(backend) ? outside.get(port) : undefined;
    const memoryWithin = within.get(port);
    const fixture = memoryWithin === undefined ? memory?.remember : rememberApart(family, memoryWithin, memory);
    if (fixture === undefined) continue;
    fixtures.push(fixture);
    elements.push({ into: `remembered${family}`, key: `${key} . ${backend}`, value: `goto ${fixture.name}` });
  }
}

/**
 * The memories of clients for a target, by port of its backends; none without affinity. A service has others for its
 * backends in the whole cluster than for those on this node: a client may be sent to either by different frontends.
 */
export function memoriesOf(frontend: Frontend, target: Target | undefined): ReadonlyMap<string, Memory> {
  const { affinitySeconds, family, port } = frontend;
  if (affinitySeconds === undefined || target?.kind !== "backends") return new Map();
  const ports = [...new Set(target.backends.map(portOf))].sort();
  const id = hashOf(port, target.policy);
  return new Map(ports.map((each) => [each, memoryOf(family, id, affinitySeconds, each)]));
}

/** The addresses on this node to which the frontend may send. */
function hairpinAddresses(frontend: Frontend): ReadonlySet<string> {
  const backends = [...backendsOfTarget(frontend.target), ...backendsOfTarget(frontend.inside?.target)];
  return new Set(backends.filter((each) => frontend.onThisNode.has(each)).map(addressOf));
}

export function backendsOfTarget(target: Target | undefined): readonly string[] {
  return target?.kind === "backends" ? target.backends : [];
}

function addressOf(backend: Backend): string {
  return backend.slice(0, backend.indexOf(" "));
}

function portOf(backend: Backend): string {
  return backend.slice(backend.lastIndexOf(" ") + 1);
}

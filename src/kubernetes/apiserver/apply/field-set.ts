import { isObject, sameJson, type Json, type JsonObject } from "../json.ts";
import { mapKeyDefaults, type KindRules, type ListRule } from "../patch/list-rules.ts";

/**
 * A set of fields of an object, as managers own them: a tree whose edges are path elements in the words of FieldsV1
 * (`f:name` a field, `k:{"port":80}` an entry of a list with keys, `v:"x"` a value of a set), and whose nodes say
 * whether the path up to there is in the set itself.
 */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { member: false, children: new Map() };

export function isEmptySet(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

function setOf(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  return { member, children: new Map([...children].filter(([, child]) => !isEmptySet(child))) };
}

/** Reads FieldsV1; what is no object in it counts as empty. */
export function parseFieldSet(fields: Json | undefined): FieldSet {
  return isObject(fields) && Object.keys(fields).length > 0 ? parseNode(fields) : emptySet;
}

function parseNode(fields: Json): FieldSet {
  if (!isObject(fields)) return emptySet;
  const { ".": itself, ...rest } = fields;
  const children = Object.entries(rest).map(([key, child]) => [key, parseNode(child)] as const);
  return { member: itself !== undefined || children.length === 0, children: new Map(children) };
}

export function formatFieldSet({ member, children }: FieldSet): JsonObject {
  const fields = Object.fromEntries([...children].map(([key, child]) => [key, formatFieldSet(child)]));
  return member && children.size > 0 ? { ".": {}, ...fields } : fields;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const keys = new Set([...a.children.keys(), ...b.children.keys()]);
  const children = [...keys].map(
    (key) => [key, union(a.children.get(key) ?? emptySet, b.children.get(key) ?? emptySet)] as const,
  );
  return setOf(a.member || b.member, children);
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const children = [...a.children].map(
    ([key, child]) => [key, difference(child, b.children.get(key) ?? emptySet)] as const,
  );
  return setOf(a.member && !b.member, children);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const children = [...a.children].map(
    ([key, child]) => [key, intersection(child, b.children.get(key) ?? emptySet)] as const,
  );
  return setOf(a.member && b.member, children);
}

/** The paths in a set, as people read them: `.spec.ports[port=80,protocol="TCP"].name`. */
export function pathsOf({ member, children }: FieldSet, path = ""): string[] {
  return [
    ...(member ? [path] : []),
    ...[...children].flatMap(([key, child]) => pathsOf(child, path + elementText(key))),
  ];
}

function elementText(key: string): string {
  const rest = key.slice(2);
  if (key.startsWith("f:")) return `.${rest}`;
  if (key.startsWith("v:")) return `[=${rest}]`;
  const keys = JSON.parse(rest) as JsonObject;
  return `[${Object.entries(keys)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",")}]`;
}

/** One step into a value: the path element, what lies there, and the dotted path for the kind's rules. */
export interface Step {
  readonly element: string;
  readonly value: Json;
  readonly path: string;
}

/**
 * The parts of a value that may have different owners: the fields of an object, the entries of a list with keys, the
 * values of a set. `undefined` for what is owned whole.
 */
export function stepsInto(value: Json, rules: KindRules, path: string): Step[] | undefined {
  if (isObject(value)) {
    if (rules.isAtomic(path)) return undefined;
    return Object.entries(value).map(([key, each]) => ({
      element: `f:${key}`,
      value: each,
      path: path === "" ? key : `${path}.${key}`,
    }));
  }
  const rule = rules.listAt(path);
  if (!Array.isArray(value) || rule === undefined) return undefined;
  return value.map((each) => ({ element: elementOf(each, rule), value: each, path }));
}

export function elementOf(entry: Json, rule: ListRule): string {
  if (rule.list === "set") return `v:${JSON.stringify(entry)}`;
  const keys: JsonObject = {};
  for (const name of rule.mapKeys) {
    const value = (isObject(entry) ? entry[name] : undefined) ?? mapKeyDefaults[name];
    if (value !== undefined) keys[name] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

/** All fields that a value has. */
export function fieldsOf(value: Json, rules: KindRules, path = ""): FieldSet {
  const steps = stepsInto(value, rules, path);
  if (steps === undefined || (steps.length === 0 && path !== "")) return { member: true, children: new Map() };
  return setOf(
    false,
    steps.map(({ element, value: each, path: at }) => {
      const inner = fieldsOf(each, rules, at);
      // An entry of a list is owned beside what is in it: whoever owns it keeps it alive.
      return [element, element.startsWith("f:") ? inner : { ...inner, member: true }] as const;
    }),
  );
}

/** The fields of `value` that `other` does not have, or has with another value. */
export function fieldsChanged(value: Json, other: Json | undefined, rules: KindRules, path = ""): FieldSet {
  if (other === undefined) return fieldsOf(value, rules, path);
  const steps = stepsInto(value, rules, path);
  const others = stepsInto(other, rules, path);
  if (steps === undefined || others === undefined) {
    return { member: !sameJson(value, other), children: new Map() };
  }
  const there = new Map(others.map((step) => [step.element, step.value]));
  return setOf(
    false,
    steps.map(({ element, value: each, path: at }) => {
      const before = there.get(element);
      const inner = fieldsChanged(each, before, rules, at);
      return [element, element.startsWith("f:") || before !== undefined ? inner : { ...inner, member: true }] as const;
    }),
  );
}

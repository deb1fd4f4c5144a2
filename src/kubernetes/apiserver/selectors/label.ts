import { qualifiedName, labelValueRule } from "../admission/names.ts";
import { stringAt, type JsonObject } from "../json.ts";
import { badRequest } from "../status.ts";

type Requirement = (labels: JsonObject) => boolean;

/**
 * The labels that a query such as `app=web,tier in (a, b),!old` selects, as a function; `undefined` when it asks for
 * nothing. Throws a bad request for what it cannot read.
 */
export function parseLabelSelector(text: string): ((labels: JsonObject) => boolean) | undefined {
  if (text.trim() === "") return undefined;
  const requirements = splitOutsideParentheses(text).map((each) => requirement(each.trim(), text));
  return (labels) => requirements.every((meets) => meets(labels));
}

function splitOutsideParentheses(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "(") depth++;
    if (letter === ")") depth--;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

const setForm = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const valueForm = /^([^\s=!<>]+)\s*(==|=|!=|<|>)\s*(\S*)$/;
const existenceForm = /^(!?)\s*([^\s=!<>()]+)$/;

function requirement(text: string, whole: string): Requirement {
  const set = setForm.exec(text);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((each) => checkedValue(each.trim(), whole));
    return oneOf(checkedKey(key, whole), values, operator === "in");
  }
  const comparison = valueForm.exec(text);
  if (comparison !== null) {
    const [, key = "", operator = "", value = ""] = comparison;
    if (operator === "<" || operator === ">") return ordered(checkedKey(key, whole), operator, value, whole);
    return oneOf(checkedKey(key, whole), [checkedValue(value, whole)], operator !== "!=");
  }
  const [, not, key] = existenceForm.exec(text) ?? [];
  if (key === undefined) throw unreadable(whole, `found ${JSON.stringify(text)}`);
  checkedKey(key, whole);
  return (labels) => Object.hasOwn(labels, key) === (not === "");
}

/** `in` wants the key to be there; `notin` and `!=` are content without it. */
function oneOf(key: string, values: readonly string[], wanted: boolean): Requirement {
  return (labels) => (Object.hasOwn(labels, key) && values.includes(stringAt(labels, key) ?? "")) === wanted;
}

function ordered(key: string, operator: "<" | ">", value: string, whole: string): Requirement {
  if (!/^-?[0-9]+$/.test(value)) throw unreadable(whole, "for 'Gt', 'Lt' operators, the value must be an integer");
  const bound = BigInt(value);
  return (labels) => {
    const label = Object.hasOwn(labels, key) ? (stringAt(labels, key) ?? "") : "";
    if (!/^-?[0-9]+$/.test(label)) return false;
    return operator === "<" ? BigInt(label) < bound : BigInt(label) > bound;
  };
}

function checkedKey(key: string, whole: string): string {
  const wrong = qualifiedName(key);
  if (wrong !== undefined) throw unreadable(whole, `key ${JSON.stringify(key)}: ${wrong}`);
  return key;
}

function checkedValue(value: string, whole: string): string {
  const wrong = labelValueRule(value);
  if (wrong !== undefined) throw unreadable(whole, `value ${JSON.stringify(value)}: ${wrong}`);
  return value;
}

function unreadable(text: string, why: string): Error {
  return badRequest(`unable to parse requirement: label selector ${JSON.stringify(text)}: ${why}`);
}

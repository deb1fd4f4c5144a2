import assert from "node:assert/strict";
import { test } from "node:test";
import { Event, Node, Pod, Service } from "../../resources/index.ts";
import { parseFieldSelector } from "./field.ts";
import { parseLabelSelector } from "./label.ts";

const labels = { app: "web", tier: "front", size: "12", "example.com/zone": "a" };

const selected: readonly (readonly [selector: string, selects: boolean])[] = [
  ["app=web", true],
  ["app==web,tier=front", true],
  ["app=db", false],
  ["app!=db", true],
  ["absent!=db", true],
  ["app", true],
  ["!app", false],
  ["!absent", true],
  ["app in (db, web),tier notin (back)", true],
  ["absent notin (a)", true],
  ["absent in (a)", false],
  ["example.com/zone=a", true],
  ["size>11,size<13", true],
  ["size>12", false],
  ["app>1", false],
  ["app=", false],
  ["constructor", false],
];

for (const [selector, selects] of selected) {
  test(`the labels of a web server are ${selects ? "" : "not "}selected by ${selector}`, () => {
    assert.equal(parseLabelSelector(selector)?.(labels), selects);
  });
}

test("no selector selects all", () => {
  assert.equal(parseLabelSelector(" "), undefined);
  assert.equal(parseFieldSelector("", Pod), undefined);
});

for (const selector of ["=web", "app=a b", "app in web", "app in (a", "a,,b", "app>x", "a/b/c", "-a=b"]) {
  test(`the selector ${JSON.stringify(selector)} is refused with its text`, () => {
    assert.throws(() => parseLabelSelector(selector), { code: 400, message: /unable to parse requirement/ });
  });
}

test("fields are selected as each kind allows", () => {
  const pod = { metadata: { name: "a", namespace: "b" }, spec: { nodeName: "n" }, status: { phase: "Running" } };
  const selects = (text: string) => parseFieldSelector(text, Pod)?.(pod);
  assert.equal(selects("spec.nodeName=n,status.phase!=Failed"), true);
  assert.equal(selects("spec.nodeName!=n"), false);
  assert.equal(selects("metadata.name==a,metadata.namespace=b"), true);
  assert.equal(selects("status.podIP="), true);
  assert.equal(parseFieldSelector("spec.unschedulable=false", Node)?.({ metadata: {}, spec: {} }), true);
  const event = { involvedObject: { kind: "Pod", name: "a" }, source: { component: "c" } };
  assert.equal(parseFieldSelector("involvedObject.kind=Pod,source=c", Event)?.(event), true);
  assert.throws(() => parseFieldSelector("spec.ports=1", Service), {
    message: "field label not supported: spec.ports",
  });
  assert.throws(() => parseFieldSelector("spec.nodeName", Pod), { code: 400 });
});

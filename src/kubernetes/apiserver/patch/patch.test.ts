import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Node, Pod, Service, type Kind } from "../../resources/index.ts";
import type { Json, JsonObject } from "../json.ts";
import { jsonPatch } from "./json-patch.ts";
import { rulesOf } from "./list-rules.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMerge } from "./strategic-merge.ts";

test("the example of RFC 7386 merges as it is written there", () => {
  const target = {
    title: "Goodbye!",
    author: { givenName: "John", familyName: "Doe" },
    tags: ["a", "b"],
    content: "x",
  };
  const patch = { title: "Hello!", phoneNumber: "+01-123-456-7890", author: { familyName: null }, tags: ["example"] };
  assert.deepEqual(mergePatch(target, patch), {
    title: "Hello!",
    author: { givenName: "John" },
    tags: ["example"],
    content: "x",
    phoneNumber: "+01-123-456-7890",
  });
});

/** From RFC 6902, appendix A. */
const operations: readonly (readonly [what: string, document: Json, patch: JsonObject[], result: Json])[] = [
  ["A.1 a member added", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { foo: "bar", baz: "qux" }],
  ["A.2 an element added", { a: [1, 3] }, [{ op: "add", path: "/a/1", value: 2 }], { a: [1, 2, 3] }],
  ["A.3 a member removed", { a: 1, b: 2 }, [{ op: "remove", path: "/a" }], { b: 2 }],
  ["A.5 a value replaced", { a: 1 }, [{ op: "replace", path: "/a", value: { b: 2 } }], { a: { b: 2 } }],
  ["A.6 a value moved", { a: { b: 1 }, c: {} }, [{ op: "move", from: "/a/b", path: "/c/d" }], { a: {}, c: { d: 1 } }],
  ["A.7 an element moved", { a: [1, 2, 3] }, [{ op: "move", from: "/a/0", path: "/a/2" }], { a: [2, 3, 1] }],
  ["A.8 a value tested", { a: [1] }, [{ op: "test", path: "/a/0", value: 1 }], { a: [1] }],
  ["A.14 escapes", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
  ["A.16 an array added at the end", { a: [1] }, [{ op: "add", path: "/a/-", value: [2] }], { a: [1, [2]] }],
  [
    "a copy is one's own",
    { a: {} },
    [
      { op: "copy", from: "/a", path: "/b" },
      { op: "add", path: "/b/c", value: 1 },
    ],
    { a: {}, b: { c: 1 } },
  ],
];

for (const [what, document, patch, result] of operations) {
  test(`JSON patch, ${what}`, () => {
    assert.deepEqual(jsonPatch(document, patch), result);
  });
}

test("a JSON patch that fails names the path, and the document is as it was", () => {
  const document = { a: [1] };
  const add = { op: "add", path: "/a/-", value: 2 };
  const refuse = (operation: JsonObject, message: RegExp) =>
    assert.throws(() => jsonPatch(document, [add, operation]), { code: "patch.json", message });
  refuse({ op: "remove", path: "/b" }, /missing path: "\/b"/);
  refuse({ op: "replace", path: "/a/7", value: 1 }, /index "7" of a list of 2/);
  refuse({ op: "test", path: "/a/0", value: 2 }, /testing value "\/a\/0" failed/);
  refuse({ op: "add", path: "/__proto__/x", value: 1 }, /__proto__/);
  refuse({ op: "spin", path: "" }, /unexpected kind of operation: "spin"/);
  assert.deepEqual(document, { a: [1] });
});

test("copies cannot make a document grow without bound", () => {
  const copies = Array.from({ length: 40 }, (_, index) => ({ op: "copy", from: "", path: `/${index}` }));
  assert.throws(() => jsonPatch({ text: "x".repeat(1000) }, copies), /copies of more than/);
});

const merged = (original: JsonObject, patch: JsonObject, kind: Kind = Service) =>
  strategicMerge(original, patch, rulesOf(kind));

test("a strategic merge merges lists by their keys; what is new comes before what is left", () => {
  const original = { spec: { ports: [{ port: 80, name: "http" }], externalIPs: ["a"] } };
  const patch = { spec: { ports: [{ port: 443 }, { port: 80, nodePort: 30_000 }], externalIPs: ["b"] } };
  assert.deepEqual(merged(original, patch), {
    spec: { ports: [{ port: 443 }, { port: 80, name: "http", nodePort: 30_000 }], externalIPs: ["b"] },
  });
});

test("the directives of a strategic merge delete, replace, keep and order", () => {
  const ports = [{ port: 1, name: "a" }, { port: 2, name: "b" }, { port: 3 }];
  const patched = (patch: JsonObject) => merged({ spec: { ports } }, { spec: patch })["spec"];
  assert.deepEqual(patched({ ports: [{ port: 2, $patch: "delete" }] }), {
    ports: [{ port: 1, name: "a" }, { port: 3 }],
  });
  assert.deepEqual(patched({ ports: [{ $patch: "replace" }, { port: 9 }] }), { ports: [{ port: 9 }] });
  assert.deepEqual(patched({ ports: [{ port: 1, $patch: "replace" }] }), {
    ports: [{ port: 1 }, { port: 2, name: "b" }, { port: 3 }],
  });
  assert.deepEqual(patched({ "$setElementOrder/ports": [{ port: 3 }, { port: 1 }, { port: 2 }] }), {
    ports: [{ port: 3 }, { port: 1, name: "a" }, { port: 2, name: "b" }],
  });
  assert.deepEqual(patched({ $retainKeys: ["type"], type: "ClusterIP" }), { type: "ClusterIP" });
  assert.deepEqual(
    merged({ spec: { podCIDRs: ["a", "b"] } }, { spec: { "$deleteFromPrimitiveList/podCIDRs": ["a"] } }, Node),
    {
      spec: { podCIDRs: ["b"] },
    },
  );
  assert.deepEqual(merged({ metadata: { labels: { a: "1" } } }, { metadata: { labels: { a: null } } }), {
    metadata: { labels: {} },
  });
  assert.throws(() => patched({ $patch: "melt" }), /unknown patch type/);
  assert.throws(() => patched({ ports: [{ name: "x" }] }), /does not contain declared merge key: port/);
});

test("conditions and containers merge by type and by name", () => {
  const conditions = [
    { type: "Ready", status: "False" },
    { type: "Other", status: "True" },
  ];
  assert.deepEqual(
    merged({ status: { conditions } }, { status: { conditions: [{ type: "Ready", status: "True" }] } }, Node),
    {
      status: {
        conditions: [
          { type: "Ready", status: "True" },
          { type: "Other", status: "True" },
        ],
      },
    },
  );
  const pod = { spec: { containers: [{ name: "a", image: "x", env: [{ name: "E", value: "1" }] }] } };
  const patch = { spec: { containers: [{ name: "a", env: [{ name: "F", value: "2" }] }] } };
  const [container] = (merged(pod, patch, Pod)["spec"] as JsonObject)["containers"] as JsonObject[];
  const env = [
    { name: "F", value: "2" },
    { name: "E", value: "1" },
  ];
  assert.deepEqual(container, { name: "a", image: "x", env });
});

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), json) as fc.Arbitrary<JsonObject>;

test("a merge patch leaves its target alone, and applied twice does nothing more", () => {
  fc.assert(
    fc.property(object, object, (target, patch) => {
      const before = JSON.stringify(target);
      const once = mergePatch(target, patch);
      assert.deepEqual(mergePatch(once, patch), once);
      assert.equal(JSON.stringify(target), before);
    }),
  );
});

test("any list of anything is a JSON patch that applies or is refused by name", () => {
  const operation = fc.record({
    op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "x"),
    path: fc.stringMatching(/^(\/[a-z0-9~-]{0,2}){0,3}$/),
    from: fc.stringMatching(/^(\/[a-z0-9]{0,2}){0,3}$/),
    value: json,
  });
  fc.assert(
    fc.property(object, fc.array(fc.oneof(operation, json), { maxLength: 5 }), (document, patch) => {
      try {
        jsonPatch(document, patch);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "patch.json");
      }
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Service } from "../../resources/index.ts";
import { stringAt, type Json, type JsonObject } from "../json.ts";
import type { ApiObject } from "../object.ts";
import { rulesOf } from "../patch/list-rules.ts";
import type { ApiRequest } from "../request.ts";
import { applyOf } from "./apply.ts";
import {
  difference,
  fieldsChanged,
  fieldsOf,
  formatFieldSet,
  intersection,
  isEmptySet,
  parseFieldSet,
  pathsOf,
  union,
} from "./field-set.ts";
import { afterUpdate, formatManagers } from "./managers.ts";

const rules = rulesOf(Service);

function request(body: JsonObject): ApiRequest {
  const text = Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "web" }, ...body }));
  return {
    user: { name: "tester", groups: [] },
    method: "PATCH",
    path: "",
    query: new URLSearchParams(),
    accept: "",
    contentType: "",
    userAgent: "",
    body: text,
  };
}

function applied(old: ApiObject | undefined, fieldManager: string, body: JsonObject, force = false): ApiObject {
  return applyOf(request(body), { kind: Service, name: "web", subresource: "", fieldManager, force })(old);
}

const owners = ({ metadata }: ApiObject): Record<string, string[]> =>
  Object.fromEntries(
    (metadata["managedFields"] as JsonObject[]).map((entry) => [
      stringAt(entry, "manager") ?? "",
      pathsOf(parseFieldSet(entry["fieldsV1"])),
    ]),
  );

test("fields are written as Kubernetes writes them", () => {
  const value = {
    metadata: { labels: { app: "web" }, finalizers: ["a/b"] },
    spec: { ports: [{ port: 80 }], externalIPs: ["x"] },
  };
  assert.deepEqual(formatFieldSet(fieldsOf(value, rules)), {
    "f:metadata": { "f:labels": { "f:app": {} }, "f:finalizers": { 'v:"a/b"': {} } },
    "f:spec": { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} } }, "f:externalIPs": {} },
  });
});

test("who applies first owns what it says; who says it too owns it too", () => {
  const first = applied(undefined, "one", { spec: { type: "ClusterIP", ports: [{ port: 80, name: "http" }] } });
  const second = applied(first, "two", { spec: { type: "ClusterIP" } });
  assert.deepEqual(owners(second), {
    one: [
      ".spec.type",
      '.spec.ports[port=80,protocol="TCP"]',
      '.spec.ports[port=80,protocol="TCP"].port',
      '.spec.ports[port=80,protocol="TCP"].name',
    ],
    two: [".spec.type"],
  });
});

test("what is said no more goes, unless somebody else says it", () => {
  const first = applied(undefined, "one", {
    spec: { type: "NodePort", ports: [{ port: 80 }, { port: 443 }] },
    metadata: { name: "web", labels: { a: "1", b: "2" } },
  });
  const second = applied(first, "two", { spec: { ports: [{ port: 443 }] } });
  const third = applied(second, "one", { spec: { type: "NodePort" }, metadata: { name: "web", labels: { b: "2" } } });
  assert.deepEqual(third["spec"], { type: "NodePort", ports: [{ port: 443 }] });
  assert.deepEqual(third.metadata["labels"], { b: "2" });
});

test("another's value is a conflict that names manager and field, and force takes the field over", () => {
  const first = applied(undefined, "one", { spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30_001 }] } });
  const body = { spec: { ports: [{ port: 80, nodePort: 30_002 }] } };
  assert.throws(() => applied(first, "two", body), {
    code: 409,
    reason: "Conflict",
    message: 'Apply failed with 1 conflict: conflict with "one": .spec.ports[port=80,protocol="TCP"].nodePort',
  });
  const forced = owners(applied(first, "two", body, true));
  assert.ok(!forced["one"]?.some((path) => path.endsWith(".nodePort")));
  assert.ok(forced["two"]?.some((path) => path.endsWith(".nodePort")));
});

test("what nobody tracked belongs to before-first-apply", () => {
  const old = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { type: "NodePort" } };
  assert.throws(
    () => applied(old, "one", { spec: { type: "ClusterIP" } }),
    /conflict with "before-first-apply" using v1: \.spec\.type/,
  );
  assert.deepEqual(owners(applied(old, "one", { spec: { type: "NodePort" } })), {
    "before-first-apply": [".spec.type"],
    one: [".spec.type"],
  });
});

test("who changes a field by another write owns it alone", () => {
  const old = applied(undefined, "one", { spec: { type: "NodePort", externalName: "x", loadBalancerIP: "y" } });
  const { loadBalancerIP: _, ...spec } = old["spec"] as JsonObject;
  const changed = { ...old, spec: { ...spec, type: "LoadBalancer" } };
  const managers = afterUpdate(old, changed, { manager: "kubectl-edit", operation: "Update", subresource: "" }, rules);
  changed.metadata = { ...old.metadata, managedFields: formatManagers(managers) };
  assert.deepEqual(owners(changed), { one: [".spec.externalName"], "kubectl-edit": [".spec.type"] });
});

test("an apply that changes nothing leaves the object as it is, times and all", () => {
  const first = applied(undefined, "one", { spec: { type: "NodePort" } });
  assert.deepEqual(applied(first, "one", { spec: { type: "NodePort" } }), first);
});

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant({}),
  fc.array(fc.integer(), { maxLength: 2 }),
);
const ports = fc.uniqueArray(
  fc.record({ port: fc.integer({ min: 1, max: 5 }), name: fc.constantFrom("a", "b") }, { requiredKeys: ["port"] }),
  { selector: ({ port }) => port, maxLength: 4 },
);
const value = fc.record(
  { spec: fc.record({ ports, type: fc.constantFrom("A", "B"), x: leaf }, { requiredKeys: [] }), y: leaf },
  { requiredKeys: [] },
) as fc.Arbitrary<Json>;

test("field sets obey the laws of sets, and are read back as they were written", () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      const [a, b] = [fieldsOf(one, rules), fieldsOf(other, rules)];
      assert.deepEqual(parseFieldSet(formatFieldSet(a)), a);
      assert.deepEqual(pathsOf(union(a, b)).sort(), pathsOf(union(b, a)).sort());
      assert.deepEqual(pathsOf(union(difference(a, b), intersection(a, b))).sort(), pathsOf(a).sort());
      assert.ok(isEmptySet(intersection(difference(a, b), b)));
      assert.ok(isEmptySet(difference(fieldsChanged(one, other, rules), a)));
      assert.ok(isEmptySet(fieldsChanged(one, one, rules)));
    }),
  );
});

test("what one manager applies over another by force is what it says", () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      const said = other as JsonObject;
      const object = applied(applied(undefined, "one", one as JsonObject), "two", said, true);
      const missing = fieldsChanged(said, object, rules);
      assert.ok(isEmptySet(missing), JSON.stringify({ object, missing: pathsOf(missing) }));
    }),
  );
});

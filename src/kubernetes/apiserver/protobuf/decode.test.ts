import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProtobuf } from "./decode.ts";

function tag(number: number, wireType: number): Buffer {
  const value = number * 8 + wireType;
  return value < 128 ? Buffer.from([value]) : Buffer.from([128 | (value % 128), value >> 7]);
}

/** A field whose value has a length (wire type 2). */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([tag(number, 2), Buffer.from([bytes.length]), bytes]);
}

const integer = (number: number, value: number) => Buffer.concat([tag(number, 0), Buffer.from([value])]);
const message = (number: number, ...fields: readonly Buffer[]) => field(number, Buffer.concat(fields));

function body(kind: string, ...fields: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from("k8s\0"), message(1, field(1, "v1"), field(2, kind)), message(2, ...fields)]);
}

test("an eviction with a grace period of zero keeps the zero", () => {
  const metadata = message(1, field(1, "pod"), field(2, ""), message(8));
  assert.deepEqual(decodeProtobuf(body("Eviction", metadata, message(2, integer(1, 0), field(5, "All")))), {
    apiVersion: "v1",
    kind: "Eviction",
    metadata: { name: "pod" },
    deleteOptions: { gracePeriodSeconds: 0, dryRun: ["All"] },
  });
});

test("maps, bytes, numbers-or-texts and lists are read", () => {
  const entry = (key: string, value: string) => [field(1, key), field(2, value)];
  const secret = body("Secret", message(2, ...entry("a", "b")), message(4, ...entry("c", "")));
  assert.deepEqual(decodeProtobuf(secret), {
    apiVersion: "v1",
    kind: "Secret",
    data: { a: "Yg==" },
    stringData: { c: "" },
  });
  const port = message(1, field(1, "http"), integer(3, 80), message(4, integer(1, 1), integer(2, 0), field(3, "web")));
  const other = message(1, integer(3, 81), message(4, integer(1, 0), integer(2, 82), field(3, "")));
  assert.deepEqual(decodeProtobuf(body("Service", message(2, port, other, integer(13, 0), integer(20, 0)))), {
    apiVersion: "v1",
    kind: "Service",
    spec: {
      ports: [
        { name: "http", port: 80, targetPort: "web" },
        { port: 81, targetPort: 82 },
      ],
      allocateLoadBalancerNodePorts: false,
    },
  });
});

test("kinds and fields that are not known here are named, not dropped", () => {
  assert.throws(() => decodeProtobuf(body("Pod")), { code: 501, message: /of the kind "Pod" \(send JSON\)/ });
  assert.throws(() => decodeProtobuf(body("Namespace", field(9, "x"))), { code: 501, message: /field 9 of Namespace/ });
});

test("what is cut short or wrong is a bad request", () => {
  assert.throws(() => decodeProtobuf(Buffer.from("{}")), { code: 400 });
  const whole = body("Namespace", message(1, field(1, "name")));
  assert.throws(() => decodeProtobuf(whole.subarray(0, -1)), { code: 400, message: /ends in the middle/ });
  assert.throws(() => decodeProtobuf(body("Namespace", integer(1, 1))), /wire type 0 where 2 is due/);
});

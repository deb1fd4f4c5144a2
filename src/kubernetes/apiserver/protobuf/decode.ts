import { isObject, objectAt, stringAt, type Json, type JsonObject } from "../json.ts";
import { timestamp } from "../object.ts";
import { badRequest, notImplemented } from "../status.ts";
import { envelope, messages, type Field, type Message } from "./messages.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

/** What the body of a request in Protocol Buffers begins with. */
const magic = Buffer.from("k8s\0", "latin1");

/**
 * An object from Kubernetes' Protocol Buffers (a magic number, then an envelope that says the kind, then the object), as
 * it would be in JSON. Throws a bad request for what is cut short or wrong, 501 for kinds and fields that are not known
 * here: dropping a field in silence would do half of what was asked.
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, magic.length).equals(magic))
    throw badRequest("the body of the request has no magic number k8s\\0");
  const unknown = decodeMessage(body.subarray(magic.length), envelope, "the envelope");
  const typeMeta = objectAt(unknown, "typeMeta");
  const kind = stringAt(typeMeta, "kind") ?? "";
  const message = Object.hasOwn(messages, kind) ? messages[kind] : undefined;
  if (message === undefined)
    throw notImplemented(`a body in Protocol Buffers of the kind ${JSON.stringify(kind)} (send JSON)`);
  const raw = Buffer.from(stringAt(unknown, "raw") ?? "", "base64");
  return { ...typeMeta, ...decodeMessage(raw, message, kind) };
}

/** The wire format (https://protobuf.dev/programming-guides/encoding): tags, variable integers, lengths. */
class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = this.#bytes[this.#at++];
      if (octet === undefined) throw cutShort();
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return BigInt.asIntN(64, value);
    }
    throw badRequest("the body of the request has an integer of more than 64 bits");
  }

  bytes(): Buffer {
    const length = Number(this.varint());
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw cutShort();
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }
}

function cutShort(): Error {
  return badRequest("the body of the request ends in the middle of a field");
}

function decodeMessage(bytes: Buffer, message: Message, path: string): JsonObject {
  const reader = new WireReader(bytes);
  const object: JsonObject = {};
  while (!reader.done) {
    const tag = Number(reader.varint());
    const field = message[Math.floor(tag / 8)];
    if (field === undefined)
      throw notImplemented(`field ${Math.floor(tag / 8)} of ${path} in Protocol Buffers (send JSON)`);
    const expected = field.type === "int" || field.type === "bool" ? 0 : 2;
    const wireType = tag % 8;
    if (wireType !== expected)
      throw badRequest(`${path}.${field.name}: wire type ${wireType} where ${expected} is due`);
    add(object, field, reader, `${path}.${field.name}`);
  }
  return object;
}

function add(object: JsonObject, field: Field, reader: WireReader, path: string): void {
  const { name, type, pointer = false, repeated = false } = field;
  const set = (value: Json, isEmpty: boolean) => {
    if (!isEmpty || pointer) object[name] = value;
  };
  const append = (value: Json) => {
    const list = object[name];
    object[name] = Array.isArray(list) ? [...list, value] : [value];
  };
  switch (type) {
    case "int": {
      const value = Number(reader.varint());
      return set(value, value === 0);
    }
    case "bool": {
      const value = reader.varint() !== 0n;
      return set(value, !value);
    }
    case "string": {
      const value = reader.bytes().toString("utf8");
      return set(value, value === "");
    }
    case "bytes":
      return set(reader.bytes().toString("base64"), false);
    case "strings":
      return append(reader.bytes().toString("utf8"));
    case "stringMap":
    case "bytesMap": {
      const map = object[name];
      object[name] = { ...(isObject(map) ? map : {}), ...mapEntry(reader.bytes(), type === "bytesMap") };
      return;
    }
    case "time": {
      const { seconds = 0 } = decodeMessage(
        reader.bytes(),
        { 1: { name: "seconds", type: "int" }, 2: { name: "nanos", type: "int" } },
        path,
      );
      if (typeof seconds === "number" && Math.abs(seconds) > 8e9) throw badRequest(`${path}: ${seconds} s is no time`);
      return set(timestamp(Number(seconds) * 1000), seconds === 0);
    }
    case "intOrString": {
      const value = decodeMessage(reader.bytes(), intOrString, path);
      object[name] = value["type"] === 1 ? (value["text"] ?? "") : (value["number"] ?? 0);
      return;
    }
    default: {
      const value = decodeMessage(reader.bytes(), type, path);
      if (repeated) append(value);
      else object[name] = value;
    }
  }
}

const intOrString: Message = {
  1: { name: "type", type: "int" },
  2: { name: "number", type: "int" },
  3: { name: "text", type: "string" },
};

function mapEntry(bytes: Buffer, binary: boolean): JsonObject {
  const entry: Message = {
    1: { name: "key", type: "string" },
    2: { name: "value", type: binary ? "bytes" : "string", pointer: true },
  };
  const { key = "", value = "" } = decodeMessage(bytes, entry, "an entry of a map");
  if (key === "__proto__" || typeof key !== "string") throw badRequest('a field may not be named "__proto__"');
  return { [key]: value };
}

import { sign, verify, type KeyObject } from "node:crypto";
import type { User } from "./request.ts";

/** Which service account a token is for: the uid tells it from a later one of the same name. */
export interface ServiceAccountIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const issuer = "https://kubernetes.default.svc";
const header = encoded({ alg: "ES256", typ: "JWT" });

/** A JSON Web Token (RFC 7519) with the claims that Kubernetes gives a service account's. */
export function signToken(
  key: KeyObject,
  account: ServiceAccountIdentity,
  nowSeconds: number,
  forSeconds: number,
): string {
  const { namespace, name, uid } = account;
  const claims = {
    iss: issuer,
    aud: [issuer],
    sub: nameOf(account),
    iat: nowSeconds,
    exp: nowSeconds + forSeconds,
    "kubernetes.io": { namespace, serviceaccount: { name, uid } },
  };
  const signed = `${header}.${encoded(claims)}`;
  // RFC 7518 §3.4: the two numbers of the signature side by side.
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

/** Whom a token is for; undefined where it is none of ours, or no longer good. */
export function accountOfToken(
  publicKey: KeyObject,
  token: string,
  nowSeconds: number,
): ServiceAccountIdentity | undefined {
  const [first, claims = "", signature = "", ...more] = token.split(".");
  if (first !== header || more.length > 0) return undefined;
  const key = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  if (!verify("sha256", Buffer.from(`${first}.${claims}`), key, Buffer.from(signature, "base64url"))) return undefined;
  // What we have signed has the shape that we gave it.
  const { exp, "kubernetes.io": about } = JSON.parse(Buffer.from(claims, "base64url").toString()) as {
    exp: number;
    "kubernetes.io": { namespace: string; serviceaccount: { name: string; uid: string } };
  };
  return exp <= nowSeconds ? undefined : { namespace: about.namespace, ...about.serviceaccount };
}

export function serviceAccountUser(account: ServiceAccountIdentity): User {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`];
  return { name: nameOf(account), groups };
}

function nameOf({ namespace, name }: ServiceAccountIdentity): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

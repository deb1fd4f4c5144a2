import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { addressBits, parseAddress, type Address } from "../../net/index.ts";
import * as der from "./der.ts";

/** Who a certificate is for: Kubernetes reads the user from the common name and the groups from the organizations. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** A private key and the certificate that goes with it. */
export interface KeyPair {
  readonly subject: Subject;
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
  readonly certificatePem: string;
}

export type CertificateUse = "authority" | "server" | "client";

interface CertificateOptions {
  readonly subject: Subject;
  readonly use: CertificateUse;
  /** Who signs; without one the certificate signs itself. */
  readonly issuer?: Pick<KeyPair, "subject" | "key" | "publicKey">;
  readonly days: number;
  /** From when on the days count; now by default. */
  readonly from?: Date;
  /** DNS names and addresses that a server answers to. */
  readonly names?: readonly string[];
}

const dayMs = 86_400_000;
const ecdsaWithSha256 = der.sequence(der.objectIdentifier("1.2.840.10045.4.3.2"));

/**
 * A new key (ECDSA on P-256) with an X.509 v3 certificate (RFC 5280). node:crypto reads certificates but issues none:
 * this builds the few fields that TLS looks at. It is valid since yesterday, for clients whose clock is behind.
 */
export function issueCertificate(options: CertificateOptions): KeyPair {
  const { subject, use, issuer, days, names = [], from = new Date() } = options;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = issuer ?? { subject, key: privateKey, publicKey };
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))), // version 3
    der.integer(randomBytes(16)),
    ecdsaWithSha256,
    distinguishedName(signer.subject),
    der.sequence(der.time(new Date(from.getTime() - dayMs)), der.time(new Date(from.getTime() + days * dayMs))),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der.explicit(3, der.sequence(...extensions(use, keyIdentifier(publicKey), keyIdentifier(signer.publicKey), names))),
  );
  const certificate = der.sequence(body, ecdsaWithSha256, der.bitString(sign("sha256", body, signer.key)));
  return { subject, key: privateKey, publicKey, certificatePem: pem(certificate) };
}

export function pemOfKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** RFC 5280 §4.1.2.4: a sequence of sets, each of one attribute. */
function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  return der.sequence(...organizations.map((each) => attribute("2.5.4.10", each)), attribute("2.5.4.3", commonName));
}

/** RFC 5280 §4.2.1.2 (1), with SHA-256 as RFC 7093 §2 has it: the first 160 bits. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest().subarray(0, 20);
}

function attribute(type: string, value: string): Buffer {
  return der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)));
}

function extensions(use: CertificateUse, own: Buffer, authority: Buffer, names: readonly string[]): Buffer[] {
  const basicConstraints = use === "authority" ? der.sequence(der.boolean(true)) : der.sequence();
  return [
    extension("2.5.29.19", true, basicConstraints),
    extension("2.5.29.15", true, keyUsage(use)),
    ...(use === "authority" ? [] : [extension("2.5.29.37", false, extendedKeyUsage(use))]),
    extension("2.5.29.14", false, der.octetString(own)),
    extension("2.5.29.35", false, der.sequence(der.implicit(0, authority))),
    ...(names.length === 0 ? [] : [extension("2.5.29.17", false, der.sequence(...names.map(generalName)))]),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return der.sequence(der.objectIdentifier(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

/** RFC 5280 §4.2.1.3: keyCertSign and cRLSign for an authority, digitalSignature for all others. */
function keyUsage(use: CertificateUse): Buffer {
  return use === "authority" ? der.bitString(Buffer.from([0x06]), 1) : der.bitString(Buffer.from([0x80]), 7);
}

function extendedKeyUsage(use: "server" | "client"): Buffer {
  return der.sequence(der.objectIdentifier(use === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2"));
}

/** RFC 5280 §4.2.1.6: dNSName [2] or iPAddress [7]. */
function generalName(name: string): Buffer {
  const address = parseAddress(name);
  return address === undefined ? der.implicit(2, Buffer.from(name, "ascii")) : der.implicit(7, octetsOf(address));
}

function octetsOf(address: Address): Buffer {
  const digits = address.value.toString(16).padStart(addressBits(address.family) / 4, "0");
  return Buffer.from(digits, "hex");
}

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { issueCertificate } from "./certificate.ts";

const authority = issueCertificate({ subject: { commonName: "an authority" }, use: "authority", days: 10 });

test("an authority's certificate is signed by itself and may sign others", () => {
  const certificate = new X509Certificate(authority.certificatePem);
  assert.ok(certificate.ca);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.equal(certificate.issuer, "CN=an authority");
});

test("a server's certificate names all that it is called by, and its authority", () => {
  const names = ["kubernetes.default.svc", "10.233.0.1", "fd00::1"];
  const { certificatePem } = issueCertificate({
    subject: { commonName: "server" },
    use: "server",
    issuer: authority,
    days: 1,
    names,
  });
  const certificate = new X509Certificate(certificatePem);
  assert.equal(
    certificate.subjectAltName,
    "DNS:kubernetes.default.svc, IP Address:10.233.0.1, IP Address:FD00:0:0:0:0:0:0:1",
  );
  assert.ok(certificate.checkIssued(new X509Certificate(authority.certificatePem)));
  assert.ok(certificate.verify(authority.publicKey));
  assert.ok(!certificate.ca);
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
});

test("a client's certificate carries the user and the groups", () => {
  const subject = { commonName: "system:node:ä", organizations: ["system:nodes", "others"] };
  const { certificatePem } = issueCertificate({ subject, use: "client", issuer: authority, days: 1 });
  const { O, CN } = new X509Certificate(certificatePem).toLegacyObject().subject;
  assert.deepEqual([O, CN], [["system:nodes", "others"], "system:node:ä"]);
});

test("a certificate is good since yesterday and for as long as asked, also past 2049", () => {
  const { certificatePem } = issueCertificate({ subject: { commonName: "x" }, use: "authority", days: 20_000 });
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  assert.ok(validFromDate < new Date());
  assert.ok(validToDate.getTime() - validFromDate.getTime() === 20_001 * 86_400_000);
});

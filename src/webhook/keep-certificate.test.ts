import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { Secret } from "../kubernetes/resources/index.ts";
import { keepCertificate, type CertificateApi } from "./keep-certificate.ts";
import { certificateIn, newServingCertificate, secretDataOf, type ServingCertificate } from "./serving-certificate.ts";
import { parsed } from "../plan/testing.ts";

const name = "fairlead-webhook.metallb-system.svc";
const dayMs = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const day = (number: number) => new Date(start + number * dayMs);

/** A cluster's Secret and registration, and in which order they were written. */
class Store implements CertificateApi {
  readonly order: string[] = [];
  data: Readonly<Record<string, string>> | undefined;
  authorities = "";
  failStore = false;

  secret = () => parsed(Secret, { metadata: { name: "s", namespace: "n" }, data: this.data });
  trusted = (): string | undefined => this.authorities;
  trust = (authoritiesPem: string) => {
    this.order.push("trust");
    this.authorities = authoritiesPem;
    return Promise.resolve();
  };
  store = (certificate: ServingCertificate) => {
    if (this.failStore) return Promise.reject(new Error("conflict"));
    this.order.push("store");
    this.data = secretDataOf(certificate);
    return Promise.resolve();
  };

  get shown(): X509Certificate {
    return new X509Certificate(certificateIn(this.secret())!.certificatePem);
  }

  believes(certificate: X509Certificate): boolean {
    const authorities = this.authorities.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? [];
    return authorities.some((pem) => certificate.verify(new X509Certificate(pem).publicKey));
  }
}

test("an empty Secret is given a certificate for the Service's name, whose authority was believed before", async () => {
  const store = new Store();
  assert.equal(await keepCertificate(store, name, day(0)), "renewed");
  assert.deepEqual(store.order, ["trust", "store"]);
  assert.equal(store.shown.checkHost(name), name);
  assert.ok(store.believes(store.shown));
  assert.equal(await keepCertificate(store, name, day(0)), "kept");
  assert.deepEqual(store.order, ["trust", "store"]);
});

test("for three years, looked at each day, there is never a day without a good certificate, and few are made", async () => {
  const store = new Store();
  let renewals = 0;
  let before: X509Certificate | undefined;
  for (let number = 0; number < 3 * 365; number++) {
    const kept = await keepCertificate(store, name, day(number));
    const { shown } = store;
    const isGood = (each: X509Certificate) => each.validFromDate <= day(number) && each.validToDate > day(number);
    assert.ok(isGood(shown) && store.believes(shown), `day ${number}`);
    if (kept === "renewed") {
      renewals += 1;
      // A replica that has not heard of it yet shows the old one, which is good and believed.
      if (before !== undefined) assert.ok(isGood(before) && store.believes(before), `day ${number}`);
      // One old authority is enough: the list does not grow.
      assert.ok(store.authorities.split("BEGIN").length <= 3);
    }
    before = shown;
  }
  assert.equal(renewals, 18);
});

test("who looks only after it has ended makes another at once", async () => {
  const store = new Store();
  await keepCertificate(store, name, day(0));
  assert.equal(await keepCertificate(store, name, day(400)), "renewed");
  assert.ok(store.shown.validToDate > day(400));
});

test("a Secret that holds no certificate, another's key, or another name is written anew", async () => {
  const store = new Store();
  const [one, two] = [newServingCertificate(name, day(0), undefined), newServingCertificate(name, day(0), undefined)];
  const odd = [
    { "tls.crt": "bm9uc2Vuc2U=" },
    secretDataOf({ ...one, keyPem: two.keyPem }),
    secretDataOf({ ...one, authoritiesPem: two.authoritiesPem }),
    secretDataOf(newServingCertificate("elsewhere.svc", day(0), undefined)),
  ];
  for (const data of odd) {
    store.data = data;
    assert.equal(await keepCertificate(store, name, day(0)), "renewed");
    assert.ok(store.believes(store.shown) && store.shown.checkHost(name) === name);
  }
});

test("a registration that has lost its authorities, as by an upgrade of the chart, is given them again", async () => {
  const store = new Store();
  await keepCertificate(store, name, day(0));
  const { shown } = store;
  store.authorities = "";
  assert.equal(await keepCertificate(store, name, day(1)), "kept");
  assert.ok(store.believes(shown));
});

test("while the Secret cannot be written, what is shown stays believed", async () => {
  const store = new Store();
  await keepCertificate(store, name, day(0));
  const { shown } = store;
  store.failStore = true;
  await assert.rejects(keepCertificate(store, name, day(80)));
  assert.ok(store.believes(shown));
});

test("without a Secret or a registration nothing is made", async () => {
  const store = new Store();
  store.trusted = () => undefined;
  assert.equal(await keepCertificate(store, name, day(0)), "nowhere to keep it");
  assert.deepEqual(store.order, []);
});

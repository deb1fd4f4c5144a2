import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { issueCertificate, pemOfKey } from "../../../src/kubernetes/certificates/index.ts";
import { eventually } from "../../kubernetes/kubectl.ts";
import type { ContractPart } from "../contract.ts";
import { configMap, created, refusedToCreate } from "./objects.ts";

/** The parts of an AdmissionReview and of a ConversionReview that the webhooks here look at. */
interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: {
    readonly uid: string;
    readonly object?: { readonly metadata: { readonly name: string } };
    readonly desiredAPIVersion?: string;
    readonly objects?: readonly { readonly spec?: { readonly size?: unknown } }[];
  };
}

/** A webhook on this machine, with a certificate of its own authority. */
async function withWebhook(
  answer: (request: Review["request"]) => object,
  use: (clientConfig: { readonly url: string; readonly caBundle: string }) => Promise<void>,
): Promise<void> {
  const authority = issueCertificate({ subject: { commonName: "webhooks" }, use: "authority", days: 1 });
  const names = ["127.0.0.1"];
  const pair = issueCertificate({
    subject: { commonName: "webhook" },
    use: "server",
    issuer: authority,
    days: 1,
    names,
  });
  const server = createServer({ key: pemOfKey(pair.key), cert: pair.certificatePem }, (request, response) => {
    void bodyOf(request).then((text) => {
      const { apiVersion, kind, request: asked } = JSON.parse(text) as Review;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ apiVersion, kind, response: { uid: asked.uid, ...answer(asked) } }));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await use({ url, caBundle: Buffer.from(authority.certificatePem).toString("base64") });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export const webhooks: ContractPart = {
  about: "Webhooks",
  cases: {},
  beyondEmbedded: [
    {
      name: "an admission webhook refuses objects, with its own words",
      refused: {
        method: "POST",
        path: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        names: /validatingwebhookconfigurations of admissionregistration\.k8s\.io\/v1 is not implemented/,
      },
      run: async (api) => {
        const { kubectl, namespace } = api;
        const judge = ({ object }: Review["request"]) =>
          object?.metadata.name === "bad"
            ? { allowed: false, status: { message: "it is called bad" } }
            : { allowed: true };
        await withWebhook(judge, async (clientConfig) => {
          await created(api, {
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "ValidatingWebhookConfiguration",
            metadata: { name: namespace },
            webhooks: [
              {
                name: "judge.example.com",
                clientConfig,
                rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
                sideEffects: "None",
                admissionReviewVersions: ["v1"],
              },
            ],
          } as { kind: string });
          // The server learns of it a moment later.
          await eventually("a refusal", async () => {
            const said = await refusedToCreate(api, configMap("bad")).catch(() => "");
            if (said === "") await kubectl.run("delete", "cm", "bad", "--ignore-not-found");
            return /admission webhook "judge\.example\.com" denied the request: it is called bad/.test(said);
          });
          await created(api, configMap("good"));
          await kubectl.run("delete", "validatingwebhookconfiguration", namespace);
        });
      },
    },
    {
      name: "a conversion webhook serves one object in two versions",
      refused: {
        method: "POST",
        path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        names: /is not implemented/,
      },
      run: async (api) => {
        const { kubectl, namespace } = api;
        const group = `${namespace}.example.com`;
        const convert = ({ objects = [], desiredAPIVersion }: Review["request"]) => ({
          result: { status: "Success" },
          convertedObjects: objects.map((object) => ({
            ...object,
            apiVersion: desiredAPIVersion,
            spec: { size: desiredAPIVersion?.endsWith("v2") ? Number(object.spec?.size) : String(object.spec?.size) },
          })),
        });
        const version = (name: string, type: string, storage: boolean) => ({
          name,
          served: true,
          storage,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type } } } },
            },
          },
        });
        await withWebhook(convert, async (clientConfig) => {
          await created(api, {
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            metadata: { name: `gadgets.${group}` },
            spec: {
              group,
              scope: "Namespaced",
              names: { plural: "gadgets", singular: "gadget", kind: "Gadget", listKind: "GadgetList" },
              versions: [version("v1", "string", true), version("v2", "integer", false)],
              conversion: { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } },
            },
          } as { kind: string });
          await kubectl.run("wait", "--for=condition=Established", `crd/gadgets.${group}`, "--timeout=30s");
          const gadget = { apiVersion: `${group}/v1`, kind: "Gadget", metadata: { name: "one" }, spec: { size: "3" } };
          await eventually("it is served", () =>
            created(api, gadget).then(
              () => true,
              () => false,
            ),
          );
          const { spec } = await kubectl.json("get", `gadgets.v2.${group}`, "one");
          assert.equal(spec["size"], 3);
        });
      },
    },
  ],
};

import type { RawClient } from "../kubernetes/raw-client.ts";
import type { Kubectl } from "../kubernetes/kubectl.ts";
import type { CertificateUser } from "../../src/lab/control-plane/credentials.ts";

/** An API server of either kind, as a case of the contract meets it: with a namespace to itself. */
export interface ContractApi {
  readonly namespace: string;
  /** The administrator's, at home in the namespace. */
  readonly kubectl: Kubectl;
  readonly raw: RawClient;
  /** Has the server forget its history up to now. */
  readonly forget: () => Promise<void>;
  /** Somebody who has this token, and no certificate. */
  readonly bearer: (token: string) => RawClient;
  /** The text of a kubeconfig with a client certificate for that user. */
  readonly kubeconfigOf: (user: CertificateUser) => Promise<string>;
}

export type ContractCase = (api: ContractApi) => Promise<void>;

/** What only Kubernetes' own server does; the embedded one says by 501 what it was that it has not. */
export interface BeyondEmbedded {
  readonly name: string;
  /** What is asked of the embedded server, and which words its answer must have. */
  readonly refused: { readonly method: string; readonly path: string; readonly names: RegExp };
  readonly run: ContractCase;
}

/** A part of the contract. The names of its cases are sentences: they are also the page of documentation. */
export interface ContractPart {
  readonly about: string;
  readonly cases: Readonly<Record<string, ContractCase>>;
  readonly beyondEmbedded?: readonly BeyondEmbedded[];
}

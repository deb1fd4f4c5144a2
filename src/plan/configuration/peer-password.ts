import type { BGPPeer, Secret } from "../../kubernetes/resources/index.ts";
import type { Complain } from "./complaint.ts";
import type { PeerSecrets } from "./configuration.ts";

const basicAuth = "kubernetes.io/basic-auth";
/** tcp(7), TCP_MD5SIG: what the kernel takes. */
const most = 80;
/** In place of what nobody shall read in a message. */
const hidden = "(set)";

/** The password of a peer's sessions. What is wrong with the Secret itself is of the fault `secret`. */
export function readPassword(
  { spec, metadata }: BGPPeer,
  secrets: PeerSecrets,
  complain: Complain,
): string | undefined {
  const { password, passwordSecret } = spec;
  const { name = "", namespace = metadata.namespace } = passwordSecret ?? {};
  if (password !== undefined && name !== "") {
    complain("spec.password", hidden, "must be left out where there is a passwordSecret");
    return undefined;
  }
  if (password !== undefined && password !== "") return checked(password, "spec.password", "field", complain);
  if (name === "") return undefined;
  if (namespace !== metadata.namespace) {
    complain(
      "spec.passwordSecret.namespace",
      namespace,
      `must be that of the peer, ${metadata.namespace ?? "default"}`,
    );
    return undefined;
  }
  const secret = secrets.get(name);
  return secret === undefined ? undefined : passwordOf(secret, name, complain);
}

function passwordOf(secret: Secret | "missing" | "forbidden", name: string, complain: Complain): string | undefined {
  const wrong = (expected: string) => complain("spec.passwordSecret", name, expected, "secret");
  if (secret === "missing") wrong("must be the name of a Secret in the namespace of the peer");
  else if (secret === "forbidden")
    wrong("must be readable by Fairlead: its role may not get, list and watch this Secret");
  else if (secret.type !== basicAuth) wrong(`must be of the type ${basicAuth}, and is ${secret.type ?? "Opaque"}`);
  else {
    const text = Buffer.from(secret.data?.["password"] ?? "", "base64").toString();
    if (text !== "") return checked(text, "spec.passwordSecret", "secret", complain);
    wrong("must be the name of a Secret with the key password");
  }
  return undefined;
}

function checked(text: string, field: string, fault: "field" | "secret", complain: Complain): string | undefined {
  if (Buffer.byteLength(text) <= most) return text;
  complain(field, hidden, `must be a password of at most ${most} octets (RFC 2385)`, fault);
  return undefined;
}

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { AccessError, loadKubeconfig } from "./index.ts";
import { systemPorts } from "./ports.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

async function withFiles(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-kubeconfig-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A kubeconfig with one of each, called `lab`. */
const kubeconfig = (cluster: string, user: string, rest = "current-context: lab") => `
apiVersion: v1
kind: Config
clusters: [{ name: lab, cluster: { ${cluster} } }]
users: [{ name: admin, user: { ${user} } }]
contexts: [{ name: lab, context: { cluster: lab, user: admin, namespace: here } }]
${rest}
`;
const server = "server: 'https://10.0.0.1:6443'";

test("certificates may stand in the file or beside it", async () => {
  const files = {
    "given.yaml": kubeconfig(
      `${server}, certificate-authority-data: ${base64("CA")}`,
      `client-certificate-data: ${base64("CERT")}, client-key-data: ${base64("KEY")}`,
    ),
    "named.yaml": kubeconfig(
      `${server}, certificate-authority: pki/ca.crt, tls-server-name: api`,
      "client-certificate: pki/me.crt, client-key: pki/me.key",
    ),
    "pki/ca.crt": "CA",
    "pki/me.crt": "CERT",
    "pki/me.key": "KEY\n",
  };
  await withFiles(files, async (folder) => {
    for (const name of ["given.yaml", "named.yaml"]) {
      const access = await loadKubeconfig({ path: join(folder, name), env: {} });
      assert.equal(access.server.href, "https://10.0.0.1:6443/");
      assert.equal(access.certificateAuthority, "CA");
      assert.equal(access.namespace, "here");
      assert.equal(access.insecureSkipTlsVerify, false);
      const { clientCertificate, clientKey } = await access.credentials.current();
      assert.deepEqual([clientCertificate, clientKey], ["CERT", "KEY"]);
    }
  });
});

test("of several files the first that has an entry counts, and files that are not there do not matter", async () => {
  const files = {
    "a.yaml": "users: [{ name: admin, user: { token: from-a } }]\nclusters: null\n",
    "b.yaml": kubeconfig(`${server}, insecure-skip-tls-verify: true`, "token: from-b"),
  };
  await withFiles(files, async (folder) => {
    const env = { KUBECONFIG: ["a.yaml", "none.yaml", "b.yaml"].map((name) => join(folder, name)).join(":") };
    const access = await loadKubeconfig({ env });
    assert.equal(access.insecureSkipTlsVerify, true);
    assert.equal((await access.credentials.current()).token, "from-a");
  });
});

test("without KUBECONFIG it is the file of one's home, and a context may be named", async () => {
  const other = "contexts: [{ name: other, context: { cluster: lab, user: admin } }]";
  const text = kubeconfig(server, "token: t", "").replace(/contexts: .*/, other);
  await withFiles({ ".kube/config": text }, async (folder) => {
    const env = { HOME: folder };
    const access = await loadKubeconfig({ context: "other", env });
    assert.equal(access.namespace, "default");
    await assert.rejects(loadKubeconfig({ env }), /current-context is missing: expected one of its contexts \(other\)/);
  });
});

test("a pod reads its service account, and its token anew when it was rejected", async () => {
  await withFiles({ token: "one\n", "ca.crt": "CA", namespace: "fairlead-system" }, async (folder) => {
    const env = { HOME: folder, KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    const { server, namespace, credentials } = await loadKubeconfig({ env, serviceAccount: folder });
    assert.equal(server.host, "[fd00::1]");
    assert.equal(namespace, "fairlead-system");
    assert.equal((await credentials.current()).token, "one");
    await writeFile(join(folder, "token"), "two\n");
    assert.equal((await credentials.current()).token, "one");
    assert.ok(credentials.rejected());
    assert.equal((await credentials.current()).token, "two");
  });
});

test("a token's file is read again after a minute", async () => {
  await withFiles({ config: kubeconfig(server, "tokenFile: token"), token: "one" }, async (folder) => {
    let now = 0;
    const ports = { ...systemPorts, clock: { ...systemPorts.clock, now: () => now } };
    const { credentials } = await loadKubeconfig({ path: join(folder, "config"), env: {}, ports });
    assert.equal((await credentials.current()).token, "one");
    await writeFile(join(folder, "token"), "two");
    now += 61_000;
    assert.equal((await credentials.current()).token, "two");
  });
});

test("a credential plugin is asked once, and again when what it gave expires", async () => {
  const plugin = `#!/bin/sh
echo run >>"$(dirname "$0")/runs"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
  "status":{"token":"'"$1-$WHO-$(wc -l <"$(dirname "$0")/runs")"'","expirationTimestamp":"2026-11-21T12:00:00Z"}}'
`;
  const user =
    "exec: { apiVersion: client.authentication.k8s.io/v1, command: ./plugin, args: [arg], env: [{ name: WHO, value: me }] }";
  await withFiles({ config: kubeconfig(server, user), plugin }, async (folder) => {
    await chmod(join(folder, "plugin"), 0o755);
    let time = "2026-11-21T11:00:00Z";
    const ports = { ...systemPorts, wallTime: () => new Date(time) };
    const env = { PATH: process.env["PATH"] };
    const { credentials } = await loadKubeconfig({ path: join(folder, "config"), env, ports });
    const [first, second] = await Promise.all([credentials.current(), credentials.current()]);
    assert.deepEqual([first.token, second.token], ["arg-me-1", "arg-me-1"]);
    assert.equal((await credentials.current()).token, "arg-me-1");
    time = "2026-11-21T11:59:55Z";
    assert.equal((await credentials.current()).token, "arg-me-2");
  });
});

test("what is wrong is named by file, field, value and what would be right", async () => {
  const wrong: [string, RegExp][] = [
    ["][", /config is not YAML/],
    ["kind: Secret", /config: kind is "Secret": expected Config/],
    [kubeconfig("server: '10.0.0.1'", "token: t"), /clusters\[0\]\.cluster\.server is "10.0.0.1": expected a URL/],
    [
      kubeconfig(`${server}, proxy-url: 'http://p'`, "token: t"),
      /proxy-url is "http:\/\/p": is not supported by Fairlead/,
    ],
    [kubeconfig(server, "username: u, password: secret"), /user\.password is \(not shown\): is not supported/],
    [
      kubeconfig(server, `client-key-data: ${base64("KEY")}`),
      /users\[0\]\.user\.client-certificate is missing: expected it/,
    ],
    [
      kubeconfig(server, "exec: { apiVersion: v1beta1, command: x }"),
      /exec\.apiVersion is "v1beta1": expected client.auth/,
    ],
    [
      kubeconfig(server, "token: t", "current-context: no"),
      /current-context is "no": there is no context .*\(there: lab\)/,
    ],
    [
      kubeconfig(server, "token: t").replace("user: admin", "user: boss"),
      /contexts\[0\]\.context\.user is "boss": there is no/,
    ],
    [
      kubeconfig(`${server}, certificate-authority: none.crt`, "token: t"),
      /certificate-authority is "none.crt": expected a PEM/,
    ],
  ];
  for (const [text, message] of wrong) {
    await withFiles({ config: text }, async (folder) => {
      const error: unknown = await loadKubeconfig({ path: join(folder, "config"), env: {} }).catch((error) => error);
      assert.ok(error instanceof AccessError);
      assert.equal(error.code, "kubeconfig");
      assert.match(error.message, message);
    });
  }
});

test("where there is none, it says where it has looked", async () => {
  await assert.rejects(
    loadKubeconfig({ env: { HOME: "/nowhere" } }),
    /\/nowhere\/\.kube\/config does not exist, and this is no pod with a service account; set KUBECONFIG/,
  );
});

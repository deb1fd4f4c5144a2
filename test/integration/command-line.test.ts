// What is typed wrongly is answered in words, and with a status other than 0.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Fairlead } from "./agent.ts";
import { Stage } from "./stage.ts";

const mistakes: readonly (readonly [args: string, said: RegExp])[] = [
  ["nod", /unknown command 'nod'/],
  ["node --nod-name a", /unknown option '--nod-name'/],
  ["node surplus", /too many arguments/],
  ["node --port 70000", /'--port <port>'.*'70000'.*must be 0 to 65535/],
  ["node --bgp-port x", /'--bgp-port <port>'.*'x'.*must be 0 to 65535/],
  ["node --drain-ms soon", /'--drain-ms <ms>'.*'soon'.*must be/],
  ["node --drain-ms -1", /'--drain-ms <ms>'.*'-1'.*must be/],
  ["node --pod-network 10.0.0.0", /'--pod-network <prefix...>'.*'10\.0\.0\.0'.*must be a prefix/],
  ["node --node-name", /'--node-name <name>' argument missing/],
  ["controller --log-level loud", /'--log-level <level>'.*'loud'.*trace, debug, info, warn, error/],
  ["status -o yaml", /'-o, --output <format>'.*'yaml'.*text, json/],
  ["explain service web", /'web'.*must be namespace\/name/],
  ["lab run ospf", /unknown command 'ospf'[\s\S]*loss-windows/],
  ["controller --kubeconfig /nowhere", /fairlead: .*\/nowhere/],
  ["node --kubeconfig /nowhere", /fairlead: .*\/nowhere/],
  ["status --kubeconfig /nowhere", /fairlead: .*\/nowhere/],
];

for (const [args, said] of mistakes) {
  test(`fairlead ${args}`, async () => {
    await using process = new Fairlead(args.split(" "));
    const end = await process.end();
    assert.match(end.stderr, said);
    assert.doesNotMatch(end.stderr, /\n {4}at /, "no stack trace");
    assert.notEqual(end.status, 0);
  });
}

test("a kubeconfig that is none is refused with the field that is wrong", async () => {
  await using stage = await Stage.start();
  for (const [text, said] of [
    ["]", /is not YAML/],
    ["kind: Pod", /kind is "Pod": expected Config/],
    ["{ kind: Config, current-context: gone }", /current-context is "gone": there is no context of that name/],
  ] as const) {
    const file = join(stage.folder, "wrong");
    await writeFile(file, text);
    await using process = new Fairlead(["status", "--kubeconfig", file]);
    const end = await process.end();
    assert.match(end.stderr, said);
    assert.equal(end.status, 1);
  }
});

test("a command that looks says that the API server cannot be reached, and what it tried", async () => {
  await using stage = await Stage.start();
  await stage.stopApi();
  const end = await stage.fairlead("status").end();
  assert.match(end.stderr, /fairlead: .*https:\/\/127\.0\.0\.1:6443 cannot be reached \(ECONNREFUSED\)/);
  assert.equal(end.status, 1);
});

test("fairlead explain says that there is no such Service", async () => {
  await using stage = await Stage.start();
  const end = await stage.fairlead("explain", "service", "default/web").end();
  assert.match(end.stderr, /Service default\/web: there is none of this name/);
  assert.equal(end.status, 1);
});

test("a controller whose namespace does not exist says so, and leads as soon as it does", async () => {
  await using stage = await Stage.start();
  const controller = stage.controller();
  await controller.says(/namespaces \\?"metallb-system\\?" not found/);
  await stage.addNamespace();
  await controller.says(/all is known/);
});

test("a port for metrics that is taken is told by its number and the flag that changes it", async () => {
  await using stage = await Stage.start();
  await stage.addNamespace();
  await stage.controller().says(/all is known/);
  const end = await stage.controller().end();
  assert.match(end.stderr, /--port 7472: .*in use/);
  assert.equal(end.status, 1);
});

// An agent that dies and one that takes its place, with a switch that keeps routes meanwhile (RFC 4724).
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../interop/frr.ts";
import { KernelRoutes } from "./kernel-routes.ts";
import { Stage } from "./stage.ts";

const kept = "172.19.100.1";
const given = "172.19.100.2";

test("over kill -9 of the agent no route leaves the switch, and what is gone meanwhile goes when the next has told all", async () => {
  await using stage = await Stage.start();
  await stage.configureRestart();
  stage.controllerProcess = stage.controller();
  const first = stage.node();
  await stage.addService("stays");
  await stage.hasAddress("stays", kept);
  await stage.addService("goes");
  await stage.hasRoute(kept);
  await stage.hasRoute(given);
  await until("it is reported", async () => (await stage.session("l3-switch"))?.gracefulRestart === true);
  assert.match(await stage.look("explain", "service", "default/stays"), /Established for .*, graceful restart/);
  await until("the kernel has the routes", async () => {
    const routes = JSON.stringify(await stage.frr.show("ip route bgp"));
    return routes.includes(kept) && routes.includes(given);
  });

  const kernel = stage.use(new KernelRoutes(stage.neighbour.name));
  const before = await stage.timesEstablished();
  await first.send("SIGKILL");
  await until("the switch has noticed", async () => (await stage.switchState()) !== "Established");
  await stage.removeService("goes");
  assert.deepEqual(await stage.routes(), [kept, given], "they are kept for 15 s");
  const second = stage.node();
  await until("the session is back", async () => (await stage.timesEstablished()) > before);
  await stage.hasNoRoute(given);
  assert.deepEqual(await stage.routes(), [kept]);
  await until("it leaves the kernel, too", () => kernel.deletions(given).length > 0);
  assert.deepEqual(kernel.deletions(kept), [], "this one has been there all the while");

  // In good order nothing is kept: a Hard Reset (RFC 8538).
  const end = await second.send("SIGTERM");
  assert.equal(end.status, 0, end.stdout + end.stderr);
  assert.deepEqual(await stage.routes(), []);
});

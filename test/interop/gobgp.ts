import { writeFile } from "node:fs/promises";
import { until } from "./frr.ts";
import { Program, type PeerImplementation, type PeerOptions } from "./peer-implementation.ts";

export const gobgp: PeerImplementation = {
  name: "GoBGP",
  signs: true,
  async start(namespace, options) {
    const program = await Program.in(namespace);
    await writeFile(program.file("gobgp.yaml"), configuration(options));
    program.start("gobgpd", "-t", "yaml", "-f", program.file("gobgp.yaml"), "-l", "error");
    const ask = (...question: readonly string[]) => program.ask("gobgp", ...question);
    await until("GoBGP answers", () =>
      ask("neighbor").then(
        () => true,
        () => false,
      ),
    );
    // One command a route is all there is: two at once, so that a thousand take seconds.
    await writeFile(program.file("routes"), options.announces.map((prefix) => `${prefix}\n`).join(""));
    await program.ask("sh", "-c", `xargs -r -P2 -I{} gobgp global rib add {} < ${program.file("routes")}`);
    return {
      async routes(family) {
        const shown = await ask("neighbor", "10.0.0.1", "adj-in", "-a", `ipv${family}`, "-j").catch(() => "{}");
        const rib = JSON.parse(shown) as unknown; // a map of prefixes, or a list of paths
        if (Array.isArray(rib)) return rib.map((path: { nlri: { prefix: string } }) => path.nlri.prefix);
        return Object.keys(rib as object);
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  },
};

/** JSON is YAML. */
function configuration({ passive, md5Password, holdTimeSeconds, gracefulRestart }: PeerOptions): string {
  const family = (name: string) => ({
    config: { "afi-safi-name": name },
    "mp-graceful-restart": { config: { enabled: gracefulRestart } },
  });
  return JSON.stringify({
    global: { config: { as: 65210, "router-id": "1.1.1.1" } },
    neighbors: [
      {
        config: {
          "neighbor-address": "10.0.0.1",
          "peer-as": 65211,
          ...(md5Password === undefined ? {} : { "auth-password": md5Password }),
        },
        transport: { config: { "passive-mode": passive } },
        timers: {
          config: {
            "hold-time": holdTimeSeconds,
            "keepalive-interval": holdTimeSeconds / 3,
            "connect-retry": 1,
            "idle-hold-time-after-reset": 1,
          },
        },
        "graceful-restart": { config: { enabled: gracefulRestart, "restart-time": 30 } },
        "afi-safis": [family("ipv4-unicast"), family("ipv6-unicast")],
      },
    ],
  });
}

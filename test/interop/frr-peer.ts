import { Frr } from "./frr.ts";
import type { PeerImplementation, PeerOptions } from "./peer-implementation.ts";

export const frr: PeerImplementation = {
  name: "FRR",
  signs: true,
  async start(namespace, options) {
    const running = await Frr.start(namespace, configuration(options));
    return {
      async routes(family) {
        const shown = (await running.show(`bgp ipv${family} unicast`)) as { routes?: Record<string, FrrPath[]> }; // FRR's form
        const routes = Object.entries(shown.routes ?? {});
        return routes.filter(([, paths]) => paths.some(({ path }) => path !== "")).map(([prefix]) => prefix);
      },
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  },
};

interface FrrPath {
  readonly path: string;
}

function configuration({ passive, md5Password, holdTimeSeconds, gracefulRestart, announces }: PeerOptions): string {
  const lines = [
    "remote-as 65211",
    "timers connect 1",
    `timers ${Math.floor(holdTimeSeconds / 3)} ${holdTimeSeconds}`,
    ...(passive ? ["passive"] : []),
    ...(md5Password === undefined ? [] : [`password ${md5Password}`]),
  ];
  return `
router bgp 65210
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 ${gracefulRestart ? "bgp graceful-restart" : "bgp graceful-restart-disable"}
 ${lines.map((line) => `neighbor 10.0.0.1 ${line}`).join("\n ")}
 address-family ipv4 unicast
  ${announces.map((prefix) => `network ${prefix}`).join("\n  ")}
  neighbor 10.0.0.1 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.0.0.1 activate
 exit-address-family
`;
}

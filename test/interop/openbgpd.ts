import { chmod, mkdir, writeFile } from "node:fs/promises";
import { until } from "./frr.ts";
import { Program, type PeerImplementation, type PeerOptions } from "./peer-implementation.ts";

/** Where Debian's OpenBGPD locks its children in. */
const home = "/run/openbgpd";

export const openbgpd: PeerImplementation = {
  name: "OpenBGPD",
  signs: true,
  async start(namespace, options) {
    const program = await Program.in(namespace);
    const configured = program.file("bgpd.conf");
    await writeFile(configured, configuration(options, program.file("ctl")));
    await mkdir(home, { recursive: true }); // the system's own start does it, which does not run here
    await chmod(configured, 0o600); // it takes no other
    program.start("/usr/sbin/bgpd", "-d", "-f", configured);
    const ask = (...question: readonly string[]) => program.ask("bgpctl", "-j", "-s", program.file("ctl"), ...question);
    await until("OpenBGPD answers", () =>
      ask("show", "summary").then(
        () => true,
        () => false,
      ),
    );
    return {
      async routes(family) {
        const name = family === 4 ? "inet" : "inet6";
        const shown = await ask("show", "rib", "neighbor", "10.0.0.1", name).catch(() => "{}");
        const { rib = [] } = JSON.parse(shown) as { rib?: { prefix: string }[] }; // OpenBGPD's form
        return rib.map(({ prefix }) => prefix);
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  },
};

function configuration(options: PeerOptions, socket: string): string {
  const { passive, md5Password, holdTimeSeconds, gracefulRestart, announces } = options;
  return `
AS 65210
router-id 1.1.1.1
listen on 10.0.0.2
socket "${socket}"
fib-update no
connect-retry 1
${announces.map((prefix) => `network ${prefix}`).join("\n")}
neighbor 10.0.0.1 {
  remote-as 65211
  ${passive ? "passive" : ""}
  holdtime ${holdTimeSeconds}
  announce IPv4 unicast
  announce IPv6 unicast
  announce restart ${gracefulRestart ? "yes" : "no"}
  ${md5Password === undefined ? "" : `tcp md5sig password ${md5Password}`}
}
allow from any
allow to any
`;
}

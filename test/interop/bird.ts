import { writeFile } from "node:fs/promises";
import { until } from "./frr.ts";
import { Program, type PeerImplementation, type PeerOptions } from "./peer-implementation.ts";

export const bird: PeerImplementation = {
  name: "BIRD",
  signs: true,
  async start(namespace, options) {
    const program = await Program.in(namespace);
    await writeFile(program.file("bird.conf"), configuration(options));
    program.start("bird", "-f", "-c", program.file("bird.conf"), "-s", program.file("ctl"), "-P", program.file("pid"));
    const ask = (question: string) => program.ask("birdc", "-s", program.file("ctl"), question);
    await until("BIRD answers", () =>
      ask("show status").then(
        () => true,
        () => false,
      ),
    );
    return {
      async routes(family) {
        const shown = await ask(`show route table master${family} protocol peer`);
        return [...shown.matchAll(/^(\S+\/\d+)/gm)].map(([, prefix]) => prefix ?? "");
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  },
};

function configuration({ passive, md5Password, holdTimeSeconds, gracefulRestart, announces }: PeerOptions): string {
  return `
router id 1.1.1.1;
protocol device {}
protocol static { ipv4; ${announces.map((prefix) => `route ${prefix} blackhole;`).join(" ")} }
protocol bgp peer {
  local 10.0.0.2 as 65210;
  neighbor 10.0.0.1 as 65211;
  ${passive ? "passive yes;" : "connect delay time 1; connect retry time 1;"}
  error wait time 1, 2;
  hold time ${holdTimeSeconds};
  graceful restart ${gracefulRestart ? "aware" : "no"};
  ${md5Password === undefined ? "" : `password "${md5Password}";`}
  ipv4 { import all; export where source = RTS_STATIC; next hop self; };
  ipv6 { import all; export none; };
}
`;
}

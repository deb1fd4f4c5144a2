// BFD sessions with the neighbours whose addresses are the arguments, until it is killed.
import { parseAddress } from "../../src/net/index.ts";
import { BfdAgent } from "../../src/node/bfd/index.ts";

new BfdAgent().setSessions(
  process.argv.slice(2).flatMap((name) => {
    const remoteAddress = parseAddress(name);
    return remoteAddress === undefined ? [] : [{ name, remoteAddress }];
  }),
);

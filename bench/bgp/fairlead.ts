import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { end } from "../measured-process.ts";
import type { Announcer } from "./announcer.ts";

export const fairlead: Announcer = {
  name: "Fairlead",
  mostToldAgain: Number.POSITIVE_INFINITY,
  async start({ prefixes, attributeSets }) {
    const program = join(import.meta.dirname, "fairlead-process.ts");
    const process = fork(program, [String(prefixes), String(attributeSets)], { execArgv: [] });
    await once(process, "message");
    const tell = async (wish: "announce" | "withdraw") => {
      const done = once(process, "message");
      process.send(wish);
      await done;
    };
    return {
      pid: process.pid ?? 0,
      withdraw: () => tell("withdraw"),
      announce: () => tell("announce"),
      [Symbol.asyncDispose]: () => end(process, "SIGKILL"),
    };
  },
};

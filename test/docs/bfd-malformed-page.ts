import { bfdCorpus } from "../corpus/bfd-corpus.ts";
import { bfdDifferences } from "../corpus/bfd-differences.ts";
import { table, type Page } from "./markdown.ts";

/** The corpus of malformed BFD packets, and who answers otherwise. */
export function bfdMalformedPage(): Page {
  const different = bfdCorpus.filter(({ name }) => bfdDifferences[name] !== undefined);
  const otherwise = (who: "frr" | "bird") => different.filter(({ name }) => bfdDifferences[name]?.[who] !== undefined);
  return {
    title: "Malformed BFD packets",
    body: [
      `${bfdCorpus.length} packets, most of them malformed in one way or looking so, are sent into sessions that are up: to Fairlead, to FRR 8.4's bfdd and to BIRD 2.0.12. \`test/corpus\` holds them with what RFC 5880, 5881 and 5883 want; \`test/interop/bfd-malformed.test.ts\` asks all three, over UDP. Fairlead gives what is wanted each time. FRR differs in ${otherwise("frr").length}, BIRD in ${otherwise("bird").length}.`,
      "Unless its name says otherwise, a packet comes from the neighbour's address to port 3784 with TTL 255, says that the neighbour's state is Down, and has the P bit set. So it is seen whether it is taken. _Discarded_: no answer with the F bit, and the session stays up. _Down_ and _up_ are the session's state after a packet that was taken and answered.",
      "## Where they differ",
      table(
        ["packet", "Fairlead", "FRR", "BIRD", "who is right"],
        different.map(({ name, answer }) => {
          const { frr = answer, bird = answer, verdict } = bfdDifferences[name] ?? { verdict: "" };
          return [name, answer, frr, bird, verdict];
        }),
      ),
      "## All of them",
      table(
        ["packet", "answer", "by"],
        bfdCorpus.map(({ name, answer, section }) => [name, answer, section]),
      ),
    ],
  };
}

import { bgpCorpus } from "../corpus/bgp-corpus.ts";
import type { BgpCase } from "../corpus/bgp-case.ts";
import { bgpDifferences } from "../corpus/bgp-differences.ts";
import { table, type Page } from "./markdown.ts";

/** The corpus of malformed messages, and who answers otherwise. */
export function malformedPage(): Page {
  const different = bgpCorpus.filter(({ name }) => bgpDifferences[name] !== undefined);
  const otherwise = (who: "frr" | "bird") => different.filter(({ name }) => bgpDifferences[name]?.[who] !== undefined);
  return {
    title: "Malformed BGP messages",
    body: [
      `${bgpCorpus.length} messages, each malformed in one way or looking so, are sent to Fairlead, to FRR 8.4 and to BIRD 2.0.12. \`test/corpus\` holds them with what RFC 4271, RFC 7606 and their kin want; \`test/corpus/bgp.test.ts\` asks Fairlead, and \`test/interop/bgp-malformed.test.ts\` the two others, over TCP. Fairlead gives what is wanted each time. FRR differs in ${otherwise("frr").length}, BIRD in ${otherwise("bird").length}.`,
      "A pair of numbers is the code and subcode of a NOTIFICATION, which ends the session. Otherwise the session stays: an OPEN is _accepted_; the route that was there before is _withdrawn_, _announced_ in its new form, or _unchanged_. _Closed_ is an end without a word. The data of a NOTIFICATION is compared for Fairlead only.",
      "## Where they differ",
      table(
        ["message", "Fairlead", "FRR", "BIRD", "who is right"],
        different.map((each) => {
          const { frr, bird, verdict } = bgpDifferences[each.name] ?? { verdict: "" };
          const own = answerOf(each);
          return [each.name, own, frr ?? own, bird ?? own, verdict];
        }),
      ),
      "## All of them",
      ...(["opening", "open-confirm", "established"] as const).flatMap((when) => [
        `### ${headings[when]}`,
        table(
          ["message", "answer", "by"],
          bgpCorpus.filter((each) => each.when === when).map((each) => [each.name, answerOf(each), each.section]),
        ),
      ]),
    ],
  };
}

const headings = {
  opening: "In place of an OPEN",
  "open-confirm": "Between OPEN and KEEPALIVE",
  established: "In an established session",
} as const;

function answerOf({ answer }: BgpCase): string {
  return answer.split(" ")[0] ?? "";
}

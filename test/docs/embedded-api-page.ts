import { contract } from "../contract/cases/index.ts";
import { list, type Page } from "./markdown.ts";

/** What the embedded API server does, as the tests say that hold it and Kubernetes' own against one contract. */
export function embeddedApiPage(): Page {
  const beyond = contract.flatMap(({ beyondEmbedded = [] }) => beyondEmbedded.map(({ name }) => name));
  return {
    title: "The embedded API server",
    body: [
      "The lab, the tests and `fairlead`'s own examples run on an API server of Fairlead's own, which keeps its objects in one SQLite file. It does what Fairlead, its tests and the kubectl of these pages need, and answers everything else with 501 and the name of what was asked for.",
      "Each line below is a test that is held against both: the embedded server and kube-apiserver. So the two cannot drift apart. `npm test` holds the embedded server to it; `npm run test:kubernetes -- test/control-plane/tests/contract.ts` holds kube-apiserver to it, which is built first if it was not yet.",
      ...contract.flatMap(({ about, cases }) => [`## ${about}`, list(Object.keys(cases))]),
      "## Only on Kubernetes",
      "These are tested on kube-apiserver. The embedded server answers 501 and names them.",
      list(beyond),
      "Nor does the embedded server know rights: whoever has a certificate or token of its own may do everything, and `kubectl auth can-i` says so.",
    ],
  };
}

// The lab's API server: the embedded one, on a host of the lab.
//   api-server --database FILE --host ADDRESS --port PORT --service-network PREFIX --kubeconfig FILE
// Writes a kubeconfig for the lab's administrator when it answers.
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startApiServer } from "../../kubernetes/apiserver/index.ts";
import { untilAsked, warn } from "./process-life.ts";

const { values } = parseArgs({
  options: {
    database: { type: "string" },
    host: { type: "string" },
    port: { type: "string" },
    "service-network": { type: "string" },
    kubeconfig: { type: "string" },
  },
});
await untilAsked(async (signal) => {
  const server = await startApiServer({
    database: values.database ?? ":memory:",
    host: values.host ?? "127.0.0.1",
    port: Number(values.port),
    serviceNetworks: [values["service-network"] ?? "10.96.0.0/12"],
    onError: (error) => warn("the API server", error),
  });
  const file = values.kubeconfig ?? "";
  // In one step: whoever waits for the file must not read half of it.
  await writeFile(`${file}.new`, server.kubeconfig("administrator"), { mode: 0o600 });
  await rename(`${file}.new`, file);
  await once(signal, "abort");
  await server.close();
});

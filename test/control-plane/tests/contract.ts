// The contract of the API servers, held against Kubernetes' own; test/contract holds it against the embedded one.
import { holdContract } from "../../contract/hold.ts";
import { startKubernetes } from "../../contract/servers.ts";

holdContract(startKubernetes, (server, { run }) => server.hold(run));

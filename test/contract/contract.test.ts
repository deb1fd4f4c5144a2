// The contract of the API servers, held against the embedded one; test/control-plane holds it against Kubernetes' own.
import { holdContract, isRefused } from "./hold.ts";
import { startEmbedded } from "./servers.ts";

holdContract(startEmbedded, isRefused);

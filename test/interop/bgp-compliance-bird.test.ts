import { complies } from "./bgp-compliance.ts";
import { bird } from "./bird.ts";

complies(bird);

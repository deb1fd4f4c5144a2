export { Succession, type Taken } from "./succession.ts";

export { Succession } from "./succession.ts";

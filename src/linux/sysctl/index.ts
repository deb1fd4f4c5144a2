export { readSysctl } from "./sysctl.ts";

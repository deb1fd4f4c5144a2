export { Nftables } from "./nftables.ts";
